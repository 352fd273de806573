"""The parts of the page Directions."""
