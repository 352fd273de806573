"""The class that a conditional model decodes z as, chosen live."""

from ui.class_chooser.wrapper import class_chooser

__all__ = ["class_chooser"]
