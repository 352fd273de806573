"""Bytes of `/live` -> what a client asks for, and answers -> bytes. The format is described in `ui.live`."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from time import perf_counter

import numpy as np
import numpy.typing as npt

from ui.decoder_worker import Pixels
from vae_core.errors import VaeCoreError

DECODE, POINT, ENCODE = 1, 2, 3
SPLITS = ("test", "train", "all")
N_LANES = 64
N_SWITCHES = 8
"""Combinations of the steps that a picture may be prepared by."""

EVERY_CLASS = -2
"""In the place of a class: each z is decoded as all of them."""

LEAST_SIDE, LARGEST_SIDE = 4, 256
"""Pixels of a picture to be encoded."""

MOST_IMAGES = 4096
FARTHEST = 1e6
"""|z| beyond which a network's sums may overflow."""

_REQUEST = Struct("<BBHI16si")
_SIDES = Struct("<HH")
_ANSWER = Struct("<IBBHHHffI")


class MalformedError(VaeCoreError):
    """A message that no client of this protocol sends."""


@dataclass(frozen=True, slots=True)
class Head:
    """The first 28 bytes of a request, checked as far as can be without its model."""

    kind: int
    lane: int
    split: str
    number: int
    model: bytes
    which: int
    switches: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: images (N, H, W, C) and a text, or with status 1 the sentence that says why not.

    `received` is when the request came, by `perf_counter`.
    """

    number: int
    received: float
    pixels: Pixels | None = None
    text: str = ""
    seconds: float = 0.0
    status: int = 0

    @property
    def size(self) -> int:
        """Bytes, roughly."""
        return _ANSWER.size + (0 if self.pixels is None else self.pixels.nbytes) + len(self.text)


def number_of(message: bytes) -> tuple[int, int]:
    """Lane and number of a message that may be anything; 0 where it is too short to have them."""
    lane = message[1] if len(message) > 1 and message[1] < N_LANES else 0
    return lane, int.from_bytes(message[4:8], "little") if len(message) >= 8 else 0


def read_head(message: bytes) -> Head:
    """The head of a request.

    Raises
    ------
    MalformedError
        When the message is too short, or a field has a value that it cannot have.
    """
    if len(message) < _REQUEST.size:
        raise MalformedError(f"A request has at least {_REQUEST.size} bytes, but this one has {len(message)}.")
    kind, lane, split, number, model, which = _REQUEST.unpack_from(message)
    if kind not in (DECODE, POINT, ENCODE):
        raise MalformedError(f"The kind of a request is 1 (decode), 2 (point) or 3 (encode), but it is {kind}.")
    if lane >= N_LANES:
        raise MalformedError(f"A lane is a number from 0 to {N_LANES - 1}, but it is {lane}.")
    if split >= {DECODE: 1, POINT: len(SPLITS), ENCODE: N_SWITCHES}[kind]:
        raise MalformedError(
            f"The split is 0, or for a point 0 to {len(SPLITS) - 1}, or to encode switches, 0 to {N_SWITCHES - 1}, "
            f"but it is {split}."
        )
    if which < -1 and not (kind == DECODE and which == EVERY_CLASS):
        raise MalformedError(f"A class or an index is not negative, and -1 for none, but it is {which}.")
    if kind == ENCODE:
        return Head(kind, lane, SPLITS[0], number, model, which, switches=split)
    return Head(kind, lane, SPLITS[split], number, model, which)


def read_z(message: bytes, head: Head, latent_dim: int) -> npt.NDArray[np.float32]:
    """The z of a request, (N, D): 1 to 4096 of them to decode, one or none for a point.

    Raises
    ------
    MalformedError
        When they are more, or fewer, or not whole, or not finite, or farther away than any network can follow.
    """
    n_bytes, row = len(message) - _REQUEST.size, 4 * latent_dim
    if n_bytes % row:
        raise MalformedError(f"This model takes z of {latent_dim} float32, {row} bytes each, but {n_bytes} bytes came.")
    z = np.frombuffer(message, "<f4", offset=_REQUEST.size).reshape(-1, latent_dim)
    if head.kind == DECODE:
        if not 1 <= len(z) <= MOST_IMAGES:
            raise MalformedError(f"1 to {MOST_IMAGES} images can be asked for at once, but z has {len(z)} rows.")
    elif len(z) != (head.which == -1):
        raise MalformedError(f"A point is asked for by its index or by one z, but {len(z)} z and {head.which} came.")
    if not (np.abs(z) <= FARTHEST).all():  # false for NaN too
        raise MalformedError(f"The values of z must be finite, and from -{FARTHEST:g} to {FARTHEST:g}.")
    return z


def with_classes(
    z: npt.NDArray[np.float32], which: int, n_classes: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64] | None]:
    """The z of all images that are asked for, and the class of each: with `EVERY_CLASS` each z as all classes in turn.

    Raises
    ------
    MalformedError
        When these are too many, or the model takes no class.
    """
    if which != EVERY_CLASS:
        return z, None if which == -1 else np.full(len(z), which, np.int64)
    if not 1 <= n_classes * len(z) <= MOST_IMAGES:
        raise MalformedError(f"{len(z)} z as every one of {n_classes} classes are not 1 to {MOST_IMAGES} images.")
    return np.repeat(z, n_classes, axis=0), np.tile(np.arange(n_classes), len(z))


def read_picture(message: bytes) -> Pixels:
    """The picture of a request to encode, (H, W, C) with C of 1 or 3.

    Raises
    ------
    MalformedError
        When its sides are out of range, or its bytes are not as many as they say.
    """
    start = _REQUEST.size + _SIDES.size
    if len(message) < start:
        raise MalformedError(f"A request to encode has at least {start} bytes, but this one has {len(message)}.")
    height, width = _SIDES.unpack_from(message, _REQUEST.size)
    if not (LEAST_SIDE <= height <= LARGEST_SIDE and LEAST_SIDE <= width <= LARGEST_SIDE):
        raise MalformedError(
            f"A picture's sides have {LEAST_SIDE} to {LARGEST_SIDE} pixels, but these are {height} and {width}."
        )
    n_bytes = len(message) - start
    if n_bytes not in (height * width, 3 * height * width):
        raise MalformedError(f"A picture of {height} x {width} has 1 or 3 bytes a pixel, but {n_bytes} bytes came.")
    return np.frombuffer(message, np.uint8, offset=start).reshape(height, width, -1)


def packed(answer: Answer) -> bytes:
    """The bytes of an answer that is sent now."""
    n, height, width, channels = (0, 0, 0, 0) if answer.pixels is None else answer.pixels.shape
    text = answer.text.encode()
    server_ms = 1000 * (perf_counter() - answer.received)
    head = _ANSWER.pack(
        answer.number, answer.status, channels, height, width, n, 1000 * answer.seconds, server_ms, len(text)
    )
    if answer.pixels is None:
        return head + text
    return b"".join((head, np.ascontiguousarray(answer.pixels).data, text))
