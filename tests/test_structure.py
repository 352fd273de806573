"""The house rules that a reader relies on: which way imports go, what is documented, how large things are."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

import vae_core

ROOT = Path(__file__).resolve().parents[1]

TORCH = ("torch", "torchvision", "safetensors", "onnx", "onnxruntime", "onnxscript")
FORBIDDEN = {
    "vae_core": ("streamlit", "plotly", "ui", "pages", "app"),
    "ui": ("pages", "app", *TORCH),
    "ui/figures.py": ("streamlit",),
    "ui/palette.py": ("streamlit",),
    "pages": ("app", "plotly", "math", "scipy", "sklearn", *TORCH),
    "app.py": TORCH,
}
"""Imports go one way, `app, pages -> ui -> vae_core -> torch, numpy`: what each place must not import."""

PAGE_LINES = 140
FILE_BYTES = 4_000_000
TREE_BYTES = 60_000_000


def forbidden_imports(root: Path) -> list[str]:
    """Find the imports below `root` that go the wrong way, as `file:line imports module`."""
    found = set()
    for place, modules in FORBIDDEN.items():
        target = root / place
        for file in sorted(target.rglob("*.py")) if target.is_dir() else [target] * target.exists():
            for module, line in _imports(file):
                if module.split(".")[0] in modules:
                    found.add(f"{file.relative_to(root).as_posix()}:{line} imports {module}")
    return sorted(found)


def _imports(file: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ".", node.lineno


def undocumented(module: ModuleType) -> list[str]:
    """Find the public functions, classes, methods and properties without a docstring, not even an inherited one."""
    own = {n: thing for n, thing in _public(module) if getattr(thing, "__module__", None) == module.__name__}
    classes = {name: thing for name, thing in own.items() if inspect.isclass(thing)}
    members = {f"{name}.{n}": member for name, cls in classes.items() for n, member in _public(cls)}
    return [f"{module.__name__}.{name}" for name, thing in {**own, **members}.items() if not inspect.getdoc(thing)]


def _public(owner: ModuleType | type) -> Iterator[tuple[str, object]]:
    for name in [name for name in vars(owner) if not name.startswith("_")]:
        # Looked up on the owner, so that an override finds the docstring it inherits.
        thing = getattr(owner, name, None)
        if inspect.isroutine(thing) or inspect.isclass(thing) or isinstance(thing, property):
            yield name, thing


@cache
def tracked() -> list[Path]:
    """Everything git tracks or would track; skips the test where this is no git checkout."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        output = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=60).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no git checkout, so what is tracked is not known")
    return [ROOT / name for name in output.split("\0") if name and (ROOT / name).is_file()]


def readme_tree(text: str) -> set[str] | None:
    """Top-level names in README's tree: the fenced block with a line that starts with `app.py`.

    A line at the left margin begins with one name or several, single spaces between them; two or more spaces open
    the description.
    """
    for block in re.findall(r"^```\w*\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE):
        lines = [line for line in block.splitlines() if line[:1].strip()]
        if any(line.startswith("app.py") for line in lines):
            names = (name for line in lines for name in re.split(r"\s{2,}", line)[0].split())
            return {name.split("/")[0] for name in names}
    return None


def mathematics(root: Path) -> list[str]:
    """Find linear algebra in the pages below `root`, as `file:line`: pages ask `vae_core`."""
    hits = []
    for file in sorted((root / "pages").glob("*.py")):
        nodes = ast.walk(ast.parse(file.read_text()))
        parts = [node for node in nodes if isinstance(node, (ast.Attribute, ast.ImportFrom, ast.Import))]
        hits += [f"{file.name}:{node.lineno}" for node in parts if "linalg" in ast.unparse(node)]
    return sorted(set(hits))


UNDONE = re.compile(r"\b(?:LEAD[:]|TO[D]O\b)")
"""Marks of work left undone; the brackets keep this line from being one."""


def undone(files: list[Path]) -> list[str]:
    """Find the marks of work left undone in text files, as `file:line`."""
    texts = {file: content.decode(errors="replace") for file in files if b"\0" not in (content := file.read_bytes())}
    return [
        f"{file.name}:{number}"
        for file, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if UNDONE.search(line)
    ]


def untold(benchmarks: Path) -> list[str]:
    """Find the benchmarks (scripts with a `main`) that have no section of their name in the README beside them."""
    sections = re.findall(r"^## (\S+\.py)$", (benchmarks / "README.md").read_text(), flags=re.MULTILINE)
    scripts = [file.name for file in sorted(benchmarks.glob("*.py")) if re.search(r"(?m)^def main\(", file.read_text())]
    return [name for name in scripts if name not in sections]


def run_tool(*arguments: str) -> str:
    """Run a Python tool over the project; an empty text when it is content, else what it says."""
    command = [sys.executable, "-m", *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if result.returncode == 0 else result.stdout + result.stderr


def test_imports_go_one_way() -> None:
    """No layer imports one above it, and nothing outside vae_core imports torch."""
    assert [] == forbidden_imports(ROOT)


def test_a_wrong_import_is_found(tmp_path: Path) -> None:
    """Imports planted where they do not belong, also inside a function, are all reported."""
    planted = {
        "vae_core/deep/bad.py": "import streamlit as st\n",
        "vae_core/good.py": "import torch\nfrom vae_core.config import ModelConfig\n",
        "ui/figures.py": "import plotly.graph_objects as go\nfrom streamlit import session_state\n",
        "ui/bad.py": "def f():\n    from torch.nn import functional\n",
        "pages/explore.py": "import streamlit\nimport torch.nn\n",
        "app.py": "import torch\n",
    }
    for name, text in planted.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    expected = [
        "app.py:1 imports torch",
        "pages/explore.py:2 imports torch.nn",
        "ui/bad.py:2 imports torch.nn",
        "ui/figures.py:2 imports streamlit",
        "vae_core/deep/bad.py:1 imports streamlit",
    ]
    assert expected == forbidden_imports(tmp_path)


def test_everything_public_in_vae_core_is_documented() -> None:
    """Each public function, class, method and property of vae_core has a docstring, its own or an inherited one."""
    names = [info.name for info in pkgutil.walk_packages(vae_core.__path__, "vae_core.")]
    modules = [importlib.import_module(name) for name in names if not name.endswith("__main__")]
    assert [] == [name for module in modules for name in undocumented(module)]


def test_a_missing_docstring_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bare function and a bare method are reported; an override of a documented method is not."""
    text = (
        'class Base:\n    """Base."""\n    def told(self):\n        """Told."""\n'
        'class Child(Base):\n    """Child."""\n    def told(self): ...\n    def untold(self): ...\n'
        "def bare(): ...\ndef _private(): ...\n"
    )
    (tmp_path / "planted_module.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    planted = importlib.import_module("planted_module")
    assert ["planted_module.bare", "planted_module.Child.untold"] == undocumented(planted)


def test_readme_shows_the_top_level() -> None:
    """The tree in README names exactly what lies at the top of the repository."""
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} == readme_tree((ROOT / "README.md").read_text())


def test_the_clone_stays_small() -> None:
    """No file is larger than 4 MB, and all of them together stay below 60 MB."""
    sizes = {path.relative_to(ROOT).as_posix(): path.stat().st_size for path in tracked()}
    assert {} == {name: size for name, size in sizes.items() if size > FILE_BYTES}
    assert sum(sizes.values()) < TREE_BYTES


def test_pages_stay_short() -> None:
    """A page can be read from top to bottom: at most 140 lines."""
    lengths = {page.name: len(page.read_text().splitlines()) for page in (ROOT / "pages").glob("*.py")}
    assert {} == {name: length for name, length in lengths.items() if length > PAGE_LINES}


def test_pages_do_no_mathematics() -> None:
    """Distances and the like are asked of vae_core, not computed in a page."""
    assert [] == mathematics(ROOT)


def test_nothing_is_left_undone() -> None:
    """No tracked text has a mark that says that something is still to be done."""
    assert [] == undone(tracked())


def test_every_benchmark_is_told() -> None:
    """Each benchmark has a section in benchmarks/README.md: what it asks, how, and the latest figures."""
    assert [] == untold(ROOT / "benchmarks")


def test_what_is_missing_or_left_over_is_found(tmp_path: Path) -> None:
    """Linear algebra in a page, a mark of work undone and a benchmark without a section are reported."""
    planted = {
        "pages/bad.py": "import numpy as np\n\nd = np.linalg.norm([1])\n",
        "pages/worse.py": "from numpy.linalg import norm\n",
        "pages/good.py": "from ui import sliders  # no linalg here\n",
        "notes.md": f"fine\n{'TO' + 'DO'}: more\n<!-- {'LEAD'}: figures -->\nLEADING and TODOS are words\n",
        "benchmarks/README.md": "## told.py\n\n`silent.py` is named, no more\n",
        "benchmarks/told.py": "def main() -> None: ...\n",
        "benchmarks/silent.py": "def main() -> None: ...\n",
        "benchmarks/common.py": "def helper() -> None: ...\n",
    }
    for name, text in planted.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert ["bad.py:3", "worse.py:1"] == mathematics(tmp_path)
    assert ["notes.md:2", "notes.md:3"] == undone([tmp_path / "notes.md"])
    assert ["silent.py"] == untold(tmp_path / "benchmarks")


def test_no_path_of_one_machine() -> None:
    """Nothing tracked names a folder that exists on one machine only."""
    machine_path = re.compile(rb"(?<![\w.])/(?:work|tmp|root|home/\w+|Users/\w+)/\w")
    hits = {
        path.relative_to(ROOT).as_posix(): hit[0].decode()
        for path in tracked()
        if b"\0" not in (text := path.read_bytes()) and (hit := machine_path.search(text))
    }
    assert {} == hits


def test_ruff_is_content() -> None:
    """The linter has nothing to say."""
    assert "" == run_tool("ruff", "check", "--no-cache")


def test_formatting_is_ruffs() -> None:
    """The formatter has nothing to change."""
    assert "" == run_tool("ruff", "format", "--check", "--no-cache")


@pytest.mark.timeout(600)
def test_mypy_is_content() -> None:
    """The strict type check of vae_core and ui finds nothing."""
    assert "" == run_tool("mypy")


def test_the_server_answers_to_this_machines_names_alone() -> None:
    """An app without accounts must not be driven by a page that pretends to be its host (DNS rebinding)."""
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    assert ["127.0.0.1", "localhost"] == config["server"]["allowedHosts"]
    assert "127.0.0.1" == config["server"]["address"]
