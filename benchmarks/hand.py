"""A hand on a page of the app, in a real browser: it moves, and what the page makes of it is noted."""

from __future__ import annotations

import asyncio
import base64
import math
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from playwright.async_api import BrowserContext, CDPSession, Page
from playwright.async_api import TimeoutError as TookTooLong

from benchmarks.crowd import percentile

READY = ".latent-map[data-state='ready']"
SURFACE = ".latent-map .surface"
RATE = 60.0
"""Moves a second."""

PATIENCE = 5.0
"""Seconds after the last move in which its picture may still come."""

# Runs in the page before its own scripts. All times are performance.now's. The window's own listeners hear a
# move before the map does: as the browser reports it at once, and again with the frame, which is no second move.
NOTES = """
(() => {
  const notes = { on: false }
  const now = () => performance.now()
  const tasks = new PerformanceObserver(list => note(list.getEntries()))
  const note = entries => notes.on && notes.tasks.push(...entries.map(entry => [entry.startTime, entry.duration]))
  tasks.observe({ type: "longtask" })
  let last = ""
  for (const type of ["pointerrawupdate", "pointermove"]) {
    window.addEventListener(type, event => {
      const place = `${event.clientX} ${event.clientY}`
      if (!notes.on || place === last) return
      last = place
      notes.moves.push([event.timeStamp, now()])
    }, true)
  }
  window.addEventListener("painted", event => {
    if (!notes.on || event.detail.moved === null) return
    const picture = [event.detail.moved, event.detail.painted, null]
    notes.pictures.push(picture)
    requestAnimationFrame(() => (picture[2] = now()))
  })
  const frame = () => {
    if (!notes.on) return
    notes.frames.push(now())
    requestAnimationFrame(frame)
  }
  window.handNotes = {
    begin() {
      Object.assign(notes, { on: true, moves: [], pictures: [], frames: [], tasks: [] })
      requestAnimationFrame(frame)
    },
    caughtUp() {
      const last = notes.moves.at(-1)?.[1] ?? Infinity
      return notes.pictures.some(([asked, , presented]) => presented !== null && asked >= last)
    },
    end() {
      note(tasks.takeRecords())
      notes.on = false
      return notes
    },
  }
})()
"""


@dataclass(eq=False)
class Watched:
    """A page, the browser's side door to it, and the bytes that went over its live channel."""

    page: Page
    cdp: CDPSession
    sent: int = 0
    received: int = 0


async def open_page(context: BrowserContext, address: str, timeout: float = 60) -> Watched:
    """Open a page of the app, and wait until its map is plotted; seconds until it gives up."""
    page = await context.new_page()
    cdp = await context.new_cdp_session(page)
    watched = Watched(page, cdp)
    live: set[str] = set()

    def created(event: dict[str, Any]) -> None:
        if event["url"].endswith("/live"):  # Streamlit has a socket of its own
            live.add(event["requestId"])

    def count(event: dict[str, Any], way: str) -> None:
        if event["requestId"] in live:
            frame = event["response"]
            size = len(base64.b64decode(frame["payloadData"]) if frame["opcode"] == 2 else frame["payloadData"])
            setattr(watched, way, getattr(watched, way) + size)

    cdp.on("Network.webSocketCreated", created)
    cdp.on("Network.webSocketFrameSent", lambda event: count(event, "sent"))
    cdp.on("Network.webSocketFrameReceived", lambda event: count(event, "received"))
    await cdp.send("Network.enable")
    await page.add_init_script(NOTES)
    await page.goto(address, wait_until="commit")
    await page.wait_for_selector(READY, timeout=1000 * timeout)
    return watched


async def move(watched: Watched, seconds: float, *, pressed: bool = False, begin: float = 0.0) -> int:
    """Move along a smooth closed curve over the map, 60 real mouse events a second; how many were sent.

    Parameters
    ----------
    seconds : float
        How long.
    pressed : bool
        With the button down, as one drags.
    begin : float
        Seconds along the curve where it starts.
    """
    n = round(seconds * RATE)
    box = await _surface(watched)
    start, sends = perf_counter(), []
    for k in range(n):
        await asyncio.sleep(max(0.0, start + k / RATE - perf_counter()))
        x, y = _spot(box, begin + k / RATE)
        # Not waited for: the answer comes only when the page has taken the move, up to a frame later.
        sends.append(asyncio.create_task(_mouse(watched, "mouseMoved", x, y, pressed)))
    await asyncio.gather(*sends)
    return n


async def drag_pin(watched: Watched, seconds: float, begin: float) -> None:
    """Pin the place where the curve is at `begin`, drag the pin along it, and let go."""
    x, y = _spot(await _surface(watched), begin)
    for kind in ("mouseMoved", "mousePressed", "mouseReleased", "mousePressed"):
        await _mouse(watched, kind, x, y, kind != "mouseMoved")
        await asyncio.sleep(0.6)  # two clicks, not a double one
    await move(watched, seconds, pressed=True, begin=begin)
    await _mouse(watched, "mouseReleased", *_spot(await _surface(watched), begin + seconds), True)
    await asyncio.sleep(0.6)


async def measure(watched: Watched, seconds: float) -> dict[str, Any]:
    """Move for a while, after a second that is not counted, and work out what README.md describes.

    RuntimeError when the page painted nothing at all, as there is no figure then.
    """
    await move(watched, 1.0)
    await asyncio.sleep(0.5)
    before = (watched.sent, watched.received)
    await watched.page.evaluate("handNotes.begin()")
    n_sent = await move(watched, seconds, begin=1.0)
    with suppress(TookTooLong):  # then it is lost
        await watched.page.wait_for_function("handNotes.caughtUp()", timeout=1000 * PATIENCE)
    notes = await watched.page.evaluate("handNotes.end()")
    if not notes["moves"] or not notes["pictures"]:
        raise RuntimeError(
            f"{watched.page.url}: no move, or no picture of one, was seen: the live channel is not open."
        )
    bytes_sent, bytes_received = watched.sent - before[0], watched.received - before[1]
    return {**figures(notes), "sent": n_sent, "bytes_sent": bytes_sent, "bytes_received": bytes_received}


def figures(notes: dict[str, Any]) -> dict[str, Any]:
    """What the page's notes say, in milliseconds; a move is superseded when a later one's picture was painted."""
    happened, handed = np.array(notes["moves"]).T
    asked, painted = np.array([picture[:2] for picture in notes["pictures"]]).T
    of = np.searchsorted(handed, asked, side="right") - 1  # the move that each picture was asked for
    of, painted = of[of >= 0], painted[of >= 0]
    presented = np.array([math.nan if at is None else at for *_, at in notes["pictures"]])[-len(of) :]
    frames = np.array(notes["frames"])
    frames = frames[(frames >= handed[0]) & (frames <= handed[-1])]
    shown, last = len(set(of)), int(of.max())
    tasks = [length for at, length in notes["tasks"] if handed[0] <= at <= handed[-1]]
    return {
        "p50_ms": percentile(painted - handed[of], 50),
        "p95_ms": percentile(painted - handed[of], 95),
        "input_p95_ms": percentile(painted - happened[of], 95),
        "presented_p95_ms": percentile((presented - handed[of])[~np.isnan(presented)], 95),
        "fps": 1000 * (len(frames) - 1) / float(frames[-1] - frames[0]),
        "frame_gap_p95_ms": percentile(np.diff(frames), 95),
        "long_tasks": len(tasks),
        "longest_task_ms": max(tasks, default=0.0),
        "moves": len(handed),
        "painted": shown,
        "superseded": last + 1 - shown,
        "lost": len(handed) - 1 - last,
    }


async def _surface(watched: Watched) -> dict[str, float]:
    box = await watched.page.locator(SURFACE).first.bounding_box()
    if box is None:
        raise RuntimeError(f"{watched.page.url}: the map is not visible.")
    return {side: float(box[side]) for side in ("x", "y", "width", "height")}


def _spot(box: dict[str, float], seconds: float) -> tuple[float, float]:
    """Where the hand is on its curve, a Lissajous figure: about four fifths of the map each way, at up to 900 px/s."""
    across, up = math.sin(2 * math.pi * 0.31 * seconds), math.sin(2 * math.pi * 0.47 * seconds + 0.5)
    return box["x"] + box["width"] * (0.5 + 0.4 * across), box["y"] + box["height"] * (0.5 + 0.4 * up)


async def _mouse(watched: Watched, kind: str, x: float, y: float, pressed: bool) -> None:
    button = {"button": "left", "buttons": 1, "clickCount": 1} if pressed else {}
    await watched.cdp.send("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **button})
