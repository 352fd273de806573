"""The scrubber: a component that moves a place along a path, decoding as the hand goes."""

from ui.scrubber.wrapper import scrubber

__all__ = ["scrubber"]
