"""The computation graph of one image, each box opening to its tensor."""

from ui.graph.wrapper import graph

__all__ = ["graph"]
