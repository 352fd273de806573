"""The view: a component that shows what z decodes to, and the data point beside it."""

from ui.view.wrapper import view

__all__ = ["view"]
