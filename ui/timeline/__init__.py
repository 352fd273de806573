"""The timeline: every snapshot of a run as a frame of a film, in the browser at once, to scrub and to play."""

from ui.timeline.frames import TIMELINE_ROUTES
from ui.timeline.wrapper import timeline

__all__ = ["TIMELINE_ROUTES", "timeline"]
