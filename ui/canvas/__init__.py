"""The canvas: a component to draw, mask and paint on; what is drawn is encoded while the hand moves."""

from ui.canvas.drawing import Drawing
from ui.canvas.wrapper import Mode, canvas

__all__ = ["Drawing", "Mode", "canvas"]
