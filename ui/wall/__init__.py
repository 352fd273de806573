"""The wall: a component that shows drawn images, each of which the pointer decodes and a click pins."""

from ui.wall.wrapper import wall

__all__ = ["wall"]
