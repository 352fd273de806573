"""The page Train: the form of a new run by its parts, and the runs as they go."""
