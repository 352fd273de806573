"""Styles by classes: a few z, each decoded as every class, live as z moves."""

from ui.class_grid.wrapper import class_grid

__all__ = ["class_grid"]
