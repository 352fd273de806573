"""What was drawn. It comes from a browser, so it is checked here before anything believes it."""

from __future__ import annotations

import binascii
import hashlib
import math
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ui.decoder_worker import Pixels
from ui.live_wire import LARGEST_SIDE, LEAST_SIDE, N_SWITCHES


@dataclass(frozen=True, eq=False)
class Drawing:
    """A square of pixels with what a hand has covered of it.

    Attributes
    ----------
    pixels : uint8 array of shape (S, S, C)
    cover : uint8 array of shape (S, S)
        0 where nothing was drawn, 255 where all was.
    switches : int
        How it is to be prepared: a sum of 1 invert, 2 crop, 4 centre.
    stamp : str
        Given by the browser whose hand drew it, or by Python when it comes from elsewhere: a browser that shows another
        one takes it over.
    id : str
        Of its content.
    """

    pixels: Pixels
    cover: Pixels
    switches: int
    stamp: str
    id: str = field(init=False)

    def __post_init__(self) -> None:
        shape = ",".join(map(str, self.pixels.shape)) + f";{self.switches}"
        content = shape.encode() + self.pixels.tobytes() + self.cover.tobytes()
        for array in (self.pixels, self.cover):
            array.setflags(write=False)
        object.__setattr__(self, "id", hashlib.blake2b(content, digest_size=8).hexdigest())


def read_drawing(state: object, channels: int) -> Drawing | None:
    """Read a component's "drawn" trigger, which may be anything at all; None when it is no drawing of 1 or 3 channels.

    Parameters
    ----------
    state : object
        The component's state, whose "drawn" holds `{"pixels": base64, "cover": base64, "switches": int, "stamp": str}`.
    channels : int
    """
    drawn = state.get("drawn") if isinstance(state, Mapping) else None
    if not isinstance(drawn, Mapping):
        return None
    switches, stamp = drawn.get("switches"), drawn.get("stamp")
    if type(switches) is not int or not 0 <= switches < N_SWITCHES:
        return None
    if not (isinstance(stamp, str) and stamp.isascii() and stamp.isalnum() and len(stamp) <= 32):
        return None
    pixels, cover = (_bytes(drawn.get(name)) for name in ("pixels", "cover"))
    if pixels is None or cover is None:
        return None
    side = math.isqrt(len(cover))
    if not LEAST_SIDE <= side <= LARGEST_SIDE or len(cover) != side * side or len(pixels) != side * side * channels:
        return None
    values, covered = np.frombuffer(pixels, np.uint8), np.frombuffer(cover, np.uint8)
    return Drawing(values.reshape(side, side, channels), covered.reshape(side, side), switches, stamp)


def _bytes(text: object) -> bytes | None:
    if not isinstance(text, str) or len(text) > 4 * LARGEST_SIDE * LARGEST_SIDE + 4:
        return None
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
