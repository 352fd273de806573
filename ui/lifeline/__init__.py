"""The lifeline: a component that nobody sees, and that brings a page back to life."""

from ui.lifeline.wrapper import lifeline

__all__ = ["lifeline"]
