"""What of a timeline leaves the server: the route's bytes, the film, the table."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.ui.test_routes import ask
from tests.vae_core.runs import first_of, new_run, train_here
from ui.timeline.film import film
from ui.timeline.frames import OFFERS, TIMELINE_ROUTES, Offers
from ui.timeline.series import MOST_DIMENSIONS, kl_bars
from ui.timeline.take import film_bytes, history_csv
from ui.timeline.wrapper import half_of
from vae_core.data import load_dataset
from vae_core.training.run_folder import RunFolder
from vae_core.training.timeline import timeline


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Give a run of two epochs."""
    run = new_run(tmp_path_factory.mktemp("runs"), "small", batch_size=50)
    train_here(run, first_of(load_dataset("digits"), 100, 40))
    return run


def test_the_route_gives_what_the_file_of_that_hash_holds(run: RunFolder, tmp_path: Path) -> None:
    """And nothing once the file is another one, or when nobody offered it."""
    (frame, _) = timeline(run, run.history())
    assert 404 == ask(f"/timeline/{'0' * 64}", TIMELINE_ROUTES)[0]
    copy = tmp_path / "epoch-0001.npz"
    copy.write_bytes(frame.path.read_bytes())
    OFFERS.offer(frame.key, copy)
    status, headers, zipped = ask(f"/timeline/{frame.key}", TIMELINE_ROUTES)
    assert (200, "gzip") == (status, headers["content-encoding"])
    assert "immutable" in headers["cache-control"]
    assert len(zipped) < 1.3 * frame.path.stat().st_size
    content = gzip.decompress(zipped)
    length = int(np.frombuffer(content[:4], "<u4")[0])
    head = json.loads(content[4 : 4 + length])
    assert ["mu", "reconstructions", "draws", "grid"] == [part["name"] for part in head["parts"]]
    n, dims = head["parts"][0]["shape"]
    points = np.frombuffer(content, "<f4", n * dims, 4 + length).reshape(n, dims)
    assert np.array_equal(frame.points, points)
    snapshot = run.snapshot(1)
    assert snapshot is not None
    assert np.moveaxis(snapshot.reconstructions, 1, -1).tobytes() in content
    copy.write_bytes(run.snapshot_path(2).read_bytes())
    assert 404 == ask(f"/timeline/{frame.key}", TIMELINE_ROUTES)[0]


def test_what_all_frames_share_is_fetched_once(run: RunFolder) -> None:
    """Originals and labels, under the hash of their own file."""
    path = run.snapshots / "fixed.npz"
    key = hashlib.sha256(path.read_bytes()).hexdigest()
    OFFERS.offer(key, path)
    content = gzip.decompress(ask(f"/timeline/{key}", TIMELINE_ROUTES)[2])
    fixed = run.fixed()
    assert fixed is not None
    assert fixed.labels is not None
    assert fixed.labels.astype(np.uint8).tobytes() in content


def test_the_oldest_offers_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least recently offered first."""
    monkeypatch.setattr("ui.timeline.frames.MOST_OFFERS", 2)
    offers = Offers()
    for key in "abac":
        offers.offer(key, Path(key))
    assert [Path("a"), None, Path("c")] == [offers.get(key) for key in "abc"]


def test_the_film_has_every_frame(run: RunFolder) -> None:
    """As GIF and as MP4; its last frames are the same, those of two epochs are not."""
    frames, history = timeline(run, run.history()), run.history()
    pictures = film(frames, history, run.fixed(), half=half_of(frames))
    assert (2, 3) == pictures.shape[:2]
    assert (pictures[0] != pictures[1]).any()
    with Image.open(io.BytesIO(film_bytes("GIF", run, frames, history))) as gif:
        assert 2 == getattr(gif, "n_frames", 1)  # what stands still is one frame that stands longer
    import av

    with av.open(io.BytesIO(film_bytes("MP4", run, frames, history))) as mp4:
        assert 10 == sum(1 for _ in mp4.decode(video=0))


def test_the_table_has_a_row_an_epoch(run: RunFolder) -> None:
    """With the figures of the history."""
    rows = list(csv.DictReader(io.StringIO(history_csv(run.history()).decode())))
    assert ["1", "2"] == [row["epoch"] for row in rows]
    line = run.history()[1]
    assert line["validation"]["elbo"] == float(rows[1]["validation_elbo"])
    assert line["kl_per_dimension"] == [float(rows[1]["kl_1"]), float(rows[1]["kl_2"])]


def test_of_very_many_dimensions_those_that_say_most_are_shown() -> None:
    """In their own order, and it is said how many are not."""
    kl = [[float(i == 3)] + [0.1] * 10 + [1.0] * 29 for i in range(5)]
    found = kl_bars([{"epoch": i + 1, "kl_per_dimension": row} for i, row in enumerate(kl)], [1, 4, 9])
    assert (MOST_DIMENSIONS, 8) == (len(found["names"]), found["n_left_out"])
    assert ["z₁", "z₂", "z₃", "z₁₂"] == found["names"][:4]
    assert found["rows"][2] is None
