"""The progress: a component that nobody sees, and that keeps what has been done in the browser."""

from ui.lessons.progress.wrapper import progress

__all__ = ["progress"]
