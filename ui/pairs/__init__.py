"""All pairs of some dimensions as small maps, to be clicked."""

from ui.pairs.wrapper import PairPoints, pairs

__all__ = ["PairPoints", "pairs"]
