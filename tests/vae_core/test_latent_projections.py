"""Projections: components are the plane's, neighbourhoods survive, work can be ended, files are bound to weights."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from vae_core import LatentExplorer
from vae_core.checkpoints import PROJECT_ROOT, Latents
from vae_core.errors import ShapeError
from vae_core.latent.plane import pca_plane
from vae_core.latent.projection_files import (
    keep_projection,
    kept_projection,
    make_projection,
    projection_file,
    table_of,
)
from vae_core.latent.projections import Method, Settings, project, trust_in
from vae_core.training.records import load_npz, save_npz

Codes = npt.NDArray[np.float32]


class StopError(Exception):
    """The caller wants no more."""


@pytest.fixture(scope="module")
def clusters() -> Codes:
    """240 codes of 6 groups in 8 dimensions, far apart in directions that two components cannot all hold."""
    generator = np.random.default_rng(3)
    return (6 * np.eye(8)[np.arange(240) % 6] + generator.normal(size=(240, 8))).astype(np.float32)


def test_components_are_the_planes_coordinates(clusters: Codes) -> None:
    """`pca` gives what the map of the principal plane shows, so lifting it back is exact on the plane."""
    plane, _ = pca_plane(clusters)
    xy = project(clusters, Settings.of("pca"))
    assert np.array_equal(plane.project(clusters), xy)
    assert np.allclose(xy, plane.project([plane.lift(place[None], plane.centre)[0] for place in xy]), atol=1e-5)


@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_neighbours_stay_together(clusters: Codes, method: Method) -> None:
    """More of them than in a random plane, and than in that of the components; the shares told go up to 1."""
    shares = list[float]()
    xy = project(clusters, Settings.of(method, 10), on_progress=shares.append)
    axes, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(8, 2)))
    flat = (clusters @ axes, pca_plane(clusters)[0].project(clusters))
    random, components = (trust_in(clusters, xy_).value for xy_ in flat)
    assert (240, 2) == xy.shape
    assert np.float32 == xy.dtype
    assert trust_in(clusters, xy).value > max(random, components) + 0.1
    assert sorted(shares) == shares
    assert (0.0, 1.0) == (shares[0], shares[-1])
    assert len(shares) > 5
    assert np.array_equal(xy, project(clusters, Settings.of(method, 10)))


def test_what_progress_raises_ends_it(clusters: Codes) -> None:
    """A caller stops t-SNE at its next step."""
    told = list[float]()

    def stop(share: float) -> None:
        told.append(share)
        if share > 0.2:
            raise StopError

    with pytest.raises(StopError):
        project(clusters, Settings.of("tsne", 10), on_progress=stop)
    assert told[-1] < 0.25


@pytest.mark.parametrize(("method", "n"), [("tsne", 91), ("umap", 31)])
def test_too_few_codes_are_refused(clusters: Codes, method: Method, n: int) -> None:
    """Of 30 neighbours t-SNE needs 92 codes and UMAP 32; the sentence says so."""
    with pytest.raises(ShapeError, match=rf"needs at least {n + 1} codes .* there are {n} of 8"):
        project(clusters[:n], Settings.of(method, 30))


@pytest.mark.parametrize(("neighbours", "seed"), [(1, 0), (201, 0), (30, -1), (30, 2**31)])
def test_settings_out_of_range_are_refused(neighbours: int, seed: int) -> None:
    """Neighbours 2 to 200, seeds from 0."""
    with pytest.raises(ShapeError):
        Settings.of("tsne", neighbours, seed)


def test_a_kept_projection_comes_back_and_refuses_other_weights(checkpoint: Path) -> None:
    """As it was made; not for a card of other weights, nor other settings, nor when it is damaged."""
    explorer = LatentExplorer.load(checkpoint, device="cpu")
    made = make_projection(explorer.latents, Settings.of("pca"))
    keep_projection(checkpoint, explorer.card, made)
    back = kept_projection(checkpoint, explorer.card, made.settings)
    assert back is not None
    assert np.array_equal(made.xy, back.xy)
    assert (made.trust, made.seconds) == (back.trust, back.seconds)
    others = replace(explorer.card, files=replace(explorer.card.files, weights="0" * 64))
    assert kept_projection(checkpoint, others, made.settings) is None
    assert kept_projection(checkpoint, explorer.card, Settings.of("tsne")) is None
    path = projection_file(checkpoint, explorer.card, made.settings)
    arrays = load_npz(path)
    assert arrays is not None
    save_npz(path, arrays | {"xy": arrays["xy"] * np.float32(np.nan)})
    assert kept_projection(checkpoint, explorer.card, made.settings) is None
    path.write_bytes(b"no archive")
    assert kept_projection(checkpoint, explorer.card, made.settings) is None


def test_more_than_ten_thousand_codes_are_thinned(clusters: Codes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evenly, and the table says which they are."""
    monkeypatch.setattr("vae_core.latent.projection_files.MOST_CODES", 120)
    latents = Latents(clusters, None, np.arange(240, dtype=np.int64) % 6)
    made = make_projection(latents, Settings.of("pca"))
    assert 120 == len(made.xy)
    rows = list(csv.DictReader(io.StringIO(table_of(made, latents).decode())))
    assert made.rows.tolist() == [int(row["index"]) for row in rows]
    assert (made.rows % 6).tolist() == [int(row["class"]) for row in rows]
    assert np.allclose(made.xy, [[float(row["x"]), float(row["y"])] for row in rows], atol=1e-4)
    assert np.allclose(clusters[made.rows, 7], [float(row["z8"]) for row in rows], atol=1e-4)


def test_the_command_keeps_it_and_writes_a_table(checkpoint: Path, tmp_path: Path) -> None:
    """A process of its own, which says how far it is; what it kept is what the library makes."""
    out = tmp_path / "map.csv"
    command = [sys.executable, "-m", "vae_core", "project", str(checkpoint), "--method", "tsne", "--neighbours", "5"]
    done = subprocess.run(
        [*command, "--out", str(out), "--json"], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    document = json.loads(done.stdout.splitlines()[-1])
    assert "% projecting" in done.stderr
    explorer = LatentExplorer.load(checkpoint, device="cpu")
    kept = kept_projection(checkpoint, explorer.card, Settings.of("tsne", 5))
    assert kept is not None
    assert (kept.trust.value, len(kept.xy)) == (document["trustworthiness"]["value"], document["codes"])
    assert len(kept.xy) == len(out.read_text().splitlines()) - 1
