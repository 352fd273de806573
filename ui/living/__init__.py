"""The large picture of the first page, and the way that z wanders until a hand comes."""

from ui.living.wrapper import living

__all__ = ["living"]
