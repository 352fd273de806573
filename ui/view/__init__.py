"""The view: a component that shows what z decodes to, and the data point beside it."""

from ui.view.wrapper import picture_data, view

__all__ = ["picture_data", "view"]
