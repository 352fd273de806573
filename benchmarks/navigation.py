"""From a navigation to the plotted map, in a Chromium that nobody debugs.

A browser that is driven (by Playwright, or with its developer tools open) notes the place of each error that a script
throws and catches, for which it reads plotly.js again and again; and a driven profile keeps no compiled code. That
costs 0.8 s at each navigation which nobody else sees. Here the page is opened, left alone, and asked when it is done.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from benchmarks.app import BROWSER_ARGS

PATIENCE = 60.0
PLOTTED = """
new Promise(resolve => new PerformanceObserver(list => {
  for (const { name, startTime } of list.getEntries()) if (name === "map plotted") resolve(startTime)
}).observe({ type: "mark", buffered: true }))
"""


@dataclass(eq=False)
class Profile:
    """A running Chromium with a profile of its own, which keeps what it has fetched and compiled."""

    connection: ClientConnection
    n_calls: int = 0

    async def seconds_to_map(self, address: str) -> float:
        """Seconds from the navigation to the plotted map, in a tab of its own. TimeoutError when there is none."""
        tab = (await self._call("Target.createTarget", url=address))["targetId"]
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.sleep(3.0)  # alone
                session = (await self._call("Target.attachToTarget", targetId=tab, flatten=True))["sessionId"]
                plotted = await self._call(
                    "Runtime.evaluate", session, expression=PLOTTED, awaitPromise=True, returnByValue=True
                )
                await asyncio.sleep(1.0)  # compiled code is stored while the page rests
        finally:
            await self._call("Target.closeTarget", targetId=tab)
        return float(plotted["result"]["value"]) / 1000

    async def _call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        self.n_calls += 1
        number = self.n_calls
        message = {"id": number, "method": method, "params": parameters}
        await self.connection.send(json.dumps(message | ({"sessionId": session} if session else {})))
        while True:
            answer: dict[str, Any] = json.loads(await self.connection.recv())
            if answer.get("id") != number:
                continue  # an event
            if "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']['message']}")
            result: dict[str, Any] = answer["result"]
            return result


@asynccontextmanager
async def fresh_profile(chromium: str) -> AsyncIterator[Profile]:
    """Start Chromium with an empty profile, and end it."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        arguments = ["--headless", "--remote-debugging-port=0", f"--user-data-dir={folder}", "--window-size=1440,900"]
        arguments += ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        command = [chromium, *BROWSER_ARGS, "--no-first-run", *arguments, "about:blank"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            async with connect(await _door(Path(folder)), max_size=None) as connection:
                yield Profile(connection)
        finally:
            process.terminate()
            process.wait()


async def _door(folder: Path) -> str:
    """Where the browser listens; it writes that into its profile."""
    async with asyncio.timeout(PATIENCE):
        while True:
            lines = (
                (folder / "DevToolsActivePort").read_text().split() if (folder / "DevToolsActivePort").exists() else []
            )
            if len(lines) == 2:
                return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
            await asyncio.sleep(0.1)
