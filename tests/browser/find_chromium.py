"""Find an installed Chromium or Chrome, or install one: `python tests/browser/find_chromium.py --install`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_APPS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
MISSING = (
    "no Chromium or Chrome was found and none could be installed, so the browser tests cannot run: "
    "install one (Debian: apt install chromium), or set VAE_CHROMIUM to its path."
)


def find_chromium() -> str | None:
    """Path of the first browser that starts, or None. VAE_CHROMIUM, where set, is the only one tried."""
    return next((path for path in _candidates() if _starts(path)), None)


def install_chromium() -> str | None:
    """Install a browser by apt (as root) or else by Playwright, and return its path, or None."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in _installers():
        print(f"No Chromium or Chrome found; trying: {' '.join(command)}", flush=True)
        try:
            subprocess.run(command, check=True, timeout=400, stdin=subprocess.DEVNULL, env=quiet)
        except (OSError, subprocess.SubprocessError) as error:
            print(f"That failed: {error}", flush=True)
        if found := find_chromium():
            return found
    return None


def _candidates() -> Iterator[str]:
    if named := os.environ.get("VAE_CHROMIUM"):
        yield named
        return
    yield from filter(None, map(shutil.which, NAMES))
    yield from (path for path in MAC_APPS if Path(path).exists())
    browsers = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or _playwright_cache())
    patterns = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*")
    yield from (str(path) for pattern in patterns for path in sorted(browsers.glob(pattern), reverse=True))


def _playwright_cache() -> Path:
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "ms-playwright"


def _starts(path: str) -> bool:
    # Ubuntu's package `chromium` may be an empty shell that only says "install the snap".
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def _installers() -> Iterator[list[str]]:
    if os.environ.get("VAE_CHROMIUM"):
        return
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        yield ["apt-get", "update", "-q"]
        yield ["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"]
    yield [sys.executable, "-m", "playwright", "install", "chromium"]


def main() -> int:
    """Print the browser's path; 1 and one sentence on stderr where there is none."""
    found = find_chromium() or (install_chromium() if "--install" in sys.argv[1:] else None)
    print(found if found else f"warning: {MISSING}", file=sys.stdout if found else sys.stderr)
    return 0 if found else 1


if __name__ == "__main__":
    raise SystemExit(main())
