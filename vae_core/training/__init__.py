"""The training loop, run folders, and resuming."""
