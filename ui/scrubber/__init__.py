"""The scrubber: films of several paths, along which a place is moved, decoding as the hand goes."""

from ui.scrubber.wrapper import Figure, Film, Measure, scrubber

__all__ = ["Figure", "Film", "Measure", "scrubber"]
