"""The timeline as pictures, for a film to take away: the map over its grid, reconstructions, draws and curves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from ui.palette import CLASS_COLOURS
from ui.timeline.series import History, curves, kl_bars
from vae_core.images import montage
from vae_core.training.records import DecodedGrid, FixedSubset, Snapshot
from vae_core.training.timeline import Frame, snapshot_of

WIDTH, HEIGHT, EDGE = 800, 464, 16
MAP = HEIGHT - 2 * EDGE
RIGHT = EDGE + MAP + EDGE
INK, QUIET, PAPER, ACCENT = (31, 42, 51), (110, 120, 128), (251, 250, 247), (15, 118, 110)
"""The colours of a light page."""

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

GRID_STRENGTH = 0.45
COLUMNS = 6
CHART_HEIGHT, BARS_HEIGHT = 56, 52
POINT = 2


def film(frames: Sequence[Frame], history: History, fixed: FixedSubset | None, *, half: float) -> npt.NDArray[np.uint8]:
    """A picture of each frame, aligned so that the last lies as the model has it.

    Parameters
    ----------
    frames : sequence of Frame
        Those whose files are gone by now are left out.
    history : sequence of mappings
        The run's.
    fixed : FixedSubset or None
    half : float
        The map shows z from -half to half.

    Returns
    -------
    ndarray of uint8, shape (n, 3, 464, 800)
    """
    pictures = []
    for frame in frames:
        snapshot = snapshot_of(frame)
        if snapshot is not None:
            turn = frame.turn @ frames[-1].turn.T
            drawn = _picture(frame, snapshot, turn, [*history], fixed, half, frames[-1].epoch)
            pictures.append(np.moveaxis(np.asarray(drawn), -1, 0))
    return np.stack(pictures) if pictures else np.zeros((0, 3, HEIGHT, WIDTH), np.uint8)


def _picture(
    frame: Frame,
    snapshot: Snapshot,
    turn: npt.NDArray[np.float64],
    history: History,
    fixed: FixedSubset | None,
    half: float,
    last: int,
) -> Image.Image:
    canvas = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    canvas.paste(_map(frame, snapshot, turn, fixed, half), (EDGE, EDGE))
    pen, small = ImageDraw.Draw(canvas), ImageFont.load_default(12)
    top = EDGE
    pen.text((RIGHT, top), f"Epoch {frame.epoch} of {last}", INK, font=ImageFont.load_default(18))
    top += 28
    strips = []
    if len(snapshot.reconstructions):
        originals = fixed.originals[:COLUMNS] if fixed is not None else snapshot.reconstructions[:0]
        pairs = np.concatenate([originals, snapshot.reconstructions[:COLUMNS]])
        strips.append(("originals and reconstructions", pairs))
    if snapshot.draws is not None:
        strips.append(("the same draws of N(0, I)", snapshot.draws[: 2 * COLUMNS]))
    for title, images in strips:
        pen.text((RIGHT, top), title, QUIET, font=small)
        strip = _enlarged(images, WIDTH - EDGE - RIGHT)
        canvas.paste(strip, (RIGHT, top + 16))
        top += 16 + strip.height + 8
    room = (RIGHT, WIDTH - EDGE)
    top = _curve(pen, history, frame.epoch, room, top, small)
    _bars(pen, history, frame.epoch, room, top, small)
    return canvas


def _map(
    frame: Frame, snapshot: Snapshot, turn: npt.NDArray[np.float64], fixed: FixedSubset | None, half: float
) -> Image.Image:
    canvas = Image.new("RGB", (MAP, MAP), PAPER)
    scale = MAP / (2 * half)
    if snapshot.grid is not None:
        _paste_grid(canvas, snapshot.grid, turn, scale)
        if len(frame.points):
            canvas = Image.blend(Image.new("RGB", (MAP, MAP), PAPER), canvas, GRID_STRENGTH)
    pen = ImageDraw.Draw(canvas)
    colours, labels = CLASS_COLOURS["light"], None if fixed is None else fixed.labels
    for i, (x, y) in enumerate(frame.points @ turn * scale * [1, -1] + MAP / 2):
        known = labels is not None and i < len(labels)
        colour = colours[int(labels[i]) % len(colours)] if labels is not None and known else ACCENT
        pen.ellipse((x - POINT, y - POINT, x + POINT, y + POINT), colour)
    pen.rectangle((0, 0, MAP - 1, MAP - 1), outline=QUIET)
    return canvas


def _paste_grid(canvas: Image.Image, grid: DecodedGrid, turn: npt.NDArray[np.float64], scale: float) -> None:
    """The grid's pictures upright where their z lie when all is turned; so large that none covers another."""
    side = round(len(grid.pictures) ** 0.5)
    steps = np.linspace(-grid.reach, grid.reach, side)
    x, y = np.meshgrid(steps, steps[::-1])
    places = np.stack([x.ravel(), y.ravel()], 1) @ turn * scale * [1, -1] + MAP / 2
    spacing = 2 * grid.reach / max(1, side - 1)
    cell = spacing * scale * np.abs(turn[0]).max()
    height, width = (cell * n / max(grid.pictures.shape[2:]) for n in grid.pictures.shape[2:])
    for (across, down), picture in zip(places, grid.pictures, strict=True):
        left, top = round(across - width / 2), round(down - height / 2)
        size = (max(1, round(across + width / 2) - left), max(1, round(down + height / 2) - top))
        drawn = _image(picture)
        is_large = size[0] >= 2 * drawn.width  # then its pixels stay squares
        method = Image.Resampling.NEAREST if is_large else Image.Resampling.BILINEAR
        canvas.paste(drawn.resize(size, method), (left, top))


def _image(picture: npt.NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(np.broadcast_to(np.moveaxis(picture, 0, -1), (*picture.shape[1:], 3))))


def _enlarged(images: npt.NDArray[np.uint8], room: int) -> Image.Image:
    """Pictures in rows of six, as large as the room allows in whole pixels; larger ones are shrunk to it."""
    scale = max(1, (room // COLUMNS - 2) // images.shape[3])
    wall = montage(images, columns=COLUMNS, gap=2, scale=scale)
    picture = Image.fromarray(np.ascontiguousarray(np.broadcast_to(wall, (*wall.shape[:2], 3))))
    picture.thumbnail((room, 120))
    return picture


def _curve(
    pen: ImageDraw.ImageDraw,
    history: History,
    epoch: int,
    room: tuple[int, int],
    top: int,
    font: Font,
) -> int:
    """The first of the family's terms over the epochs, with what it is at this one."""
    known = curves(history, [epoch])
    if not known["panels"]:
        return top
    panel, epochs = known["panels"][0], known["epochs"]
    late = [v for line in panel["lines"] for v in line["values"][len(epochs) // 10 :] if v is not None]
    low, high = min(late, default=0.0), max(late, default=1.0)
    low, high = low - 0.1 * (high - low) - 1e-6, high + 0.1 * (high - low) + 1e-6
    (left, right), foot = room, top + 16 + CHART_HEIGHT
    at = left + (epoch - epochs[0]) / max(1, epochs[-1] - epochs[0]) * (right - left)
    pen.line((at, top + 16, at, foot), QUIET)
    said = ""
    for line in panel["lines"]:
        values = [(e, v) for e, v in zip(epochs, line["values"], strict=True) if v is not None]
        places = [
            (
                left + (e - epochs[0]) / max(1, epochs[-1] - epochs[0]) * (right - left),
                float(np.clip(foot - (v - low) / (high - low) * CHART_HEIGHT, top + 16, foot)),
            )
            for e, v in values
        ]
        pen.line(places, line["colour"], 2)
        said = next((f"{v:.2f}" for e, v in values if e == epoch), said)
    pen.text((left, top), f"{panel['title']}, nats per image: {said}", QUIET, font=font)
    return foot + 10


def _bars(
    pen: ImageDraw.ImageDraw,
    history: History,
    epoch: int,
    room: tuple[int, int],
    top: int,
    font: Font,
) -> None:
    known = kl_bars(history, [line["epoch"] for line in history])
    row = next((row for line, row in zip(history, known["rows"], strict=True) if line["epoch"] == epoch), None)
    if row is None or top + 16 + BARS_HEIGHT > HEIGHT:
        return
    most = max(1e-9, *(value for other in known["rows"] if other for value in other))
    (left, right), foot = room, top + 16 + BARS_HEIGHT - 18
    pen.text((left, top), "KL per dimension", QUIET, font=font)
    step = min(40.0, (right - left) / len(row))
    for i, value in enumerate(row):
        start = left + i * step
        pen.rectangle((start, foot - value / most * (BARS_HEIGHT - 18), start + 0.75 * step, foot), ACCENT)
        if step >= 20:
            pen.text((start, foot + 2), known["names"][i].translate(DIGITS), QUIET, font=font)


DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
