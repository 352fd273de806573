"""Small pictures with words beneath them, to be clicked."""

from ui.tiles.wrapper import Tile, tiles

__all__ = ["Tile", "tiles"]
