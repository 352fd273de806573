"""A grid of small maps, a cell for each combination of two settings."""

from ui.sweep_grid.wrapper import Cell, sweep_grid

__all__ = ["Cell", "sweep_grid"]
