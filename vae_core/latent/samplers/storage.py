"""Samplers on disk: <checkpoint>/samplers/<name>.npz, bound to the weights whose codes they were fitted to.

Those of a shipped checkpoint lie elsewhere (`vae_core.made`).
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field
from pydantic.dataclasses import dataclass

from vae_core.card import Card, Sha256
from vae_core.config import STRICT, parse, to_json
from vae_core.errors import CheckpointError, ConfigError
from vae_core.latent.samplers import SAMPLERS, sampler_path
from vae_core.latent.samplers.fit import Fit
from vae_core.latent.samplers.sampler import KINDS, Sampler, prior_sampler
from vae_core.made import made_places, place_to_write
from vae_core.training.records import save_npz
from vae_core.unzip import LARGEST_ARCHIVE, unzipped

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer

HEADER = "header"
LARGEST_HEADER = 1 << 16


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Header:
    """What a file says of itself: JSON, as bytes, in its first array."""

    format: Literal[1]
    sampler: str
    weights: Sha256
    latent_dim: Annotated[int, Field(ge=1, le=512)]
    n_codes: Annotated[int, Field(ge=2)]
    classes: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(max_length=256)]
    shares: Annotated[tuple[Annotated[float, Field(gt=0.0, le=1.0)], ...], Field(min_length=1, max_length=256)]


def save_sampler(folder: Path, sampler: Sampler, card: Card, checkpoints_dir: str | Path | None = None) -> Path:
    """Store a fitted sampler of a checkpoint in one step, in place of an earlier one of its name.

    Parameters
    ----------
    folder : Path
        The checkpoint's.
    card : Card
        That of the model whose codes the sampler was fitted to.
    checkpoints_dir : path, optional
        Where new checkpoints lie, and samplers of shipped ones.

    Raises
    ------
    CheckpointError
        When the file cannot be written.
    """
    header = Header(
        format=1,
        sampler=sampler.name,
        weights=card.files.weights,
        latent_dim=sampler.latent_dim,
        n_codes=sampler.n_codes,
        classes=sampler.classes,
        shares=sampler.shares,
    )
    arrays: dict[str, npt.NDArray[Any]] = {HEADER: np.frombuffer(to_json(header), np.uint8)}
    for number, fit in enumerate(sampler.fits):
        assert isinstance(fit, Fit)  # the prior has n_codes = 0, which the header refuses
        arrays |= {f"{name}_{number}": array for name, array in fit.arrays().items()}
    file = sampler_path(sampler.name)
    try:
        path = place_to_write(folder, card, file, checkpoints_dir)
        save_npz(path, arrays)
    except OSError as problem:
        raise CheckpointError(f"{folder.name}: {file} cannot be written ({problem.strerror}).") from None
    return path


def sampler_file(folder: Path, name: str, card: Card, checkpoints_dir: str | Path | None = None) -> Path | None:
    """Where a sampler of a checkpoint is stored; None while it has not been fitted."""
    places = made_places(folder, card, sampler_path(name), checkpoints_dir)
    return next((path for path in places if path.is_file()), None)


def load_sampler(folder: Path, name: str, card: Card, checkpoints_dir: str | Path | None = None) -> Sampler:
    """A stored sampler of a checkpoint; nothing is ever unpickled.

    Raises
    ------
    ConfigError
        When there is no sampler of this name.
    CheckpointError
        When it has not been fitted, is damaged, or was fitted for other weights.
    """
    if name not in KINDS:
        raise ConfigError(f"There is no sampler {name[:40]!r}; there are {', '.join(SAMPLERS)}.")
    again = f"python -m vae_core fit-sampler {folder.name} --sampler {name}"
    path = sampler_file(folder, name, card, checkpoints_dir)
    if path is None:
        raise CheckpointError(f"{folder.name}: the sampler {name} has not been fitted yet: {again}")
    try:
        size = path.stat().st_size
        if size > LARGEST_ARCHIVE:
            raise ValueError(f"it has {size:,} bytes, expected at most {LARGEST_ARCHIVE:,}")
        content = path.read_bytes()
        text = _array(unzipped(content, [f"{HEADER}.npy"], largest=LARGEST_HEADER), HEADER)
        header = parse(Header, text.tobytes(), where=HEADER, error=CheckpointError)
        if header.weights == card.files.weights:
            return _read(content, header, name, card)
    except Exception as problem:  # zipfile, zlib and numpy raise a dozen kinds
        what = f"{problem.strerror}" if isinstance(problem, OSError) else str(problem).rstrip(".")
        raise CheckpointError(
            f"{folder.name}: {sampler_path(name)} cannot be used ({what}); fit it again: {again}"
        ) from None
    raise CheckpointError(
        f"{folder.name}: {sampler_path(name)} was fitted for other weights ({header.weights[:12]}…, expected "
        f"{card.files.weights[:12]}…); fit it again: {again}"
    )


def sampler_of(explorer: LatentExplorer, name: str, checkpoints_dir: str | Path | None = None) -> Sampler:
    """A sampler for a model: the prior as it is, any other one as it was stored.

    Raises
    ------
    ConfigError, CheckpointError
        As `load_sampler`; also when the model has no encoder, and the sampler is not the prior.
    """
    if name == "prior":
        return prior_sampler(explorer.latent_dim)
    if not explorer.can.encode:
        raise ConfigError(f"{explorer.name} has no encoder, so no sampler can be fitted to it; draw from the prior.")
    return load_sampler(explorer.path, name, explorer.card, checkpoints_dir)


def _read(content: bytes, header: Header, name: str, card: Card) -> Sampler:
    n_fits, latent_dim, n_classes = len(header.shares), card.model.latent_dim, len(card.data.class_names)
    if (header.sampler, header.latent_dim) != (name, latent_dim):
        raise ValueError(
            f"it says {header.sampler[:40]!r} in {header.latent_dim} dimensions, expected {name!r} in {latent_dim}"
        )
    if abs(sum(header.shares) - 1) > 1e-6 or list(header.classes) != sorted(set(header.classes)):
        raise ValueError("its shares do not add up to 1, or its classes are not ascending")
    if max(header.classes, default=-1) >= n_classes:
        raise ValueError(f"it has the class {max(header.classes)}, but the data has {n_classes} classes")
    if len(header.classes) != (n_fits if header.classes else 0) or (not header.classes and n_fits > 1):
        raise ValueError(f"it has {n_fits} fits for {len(header.classes)} classes")
    kind = KINDS[name]
    wanted = [f"{member}_{number}" for number in range(n_fits) for member in kind.members]
    members = unzipped(content, [f"{member}.npy" for member in wanted], largest=LARGEST_ARCHIVE)
    fits = []
    for number in range(n_fits):
        present = [member for member in kind.members if f"{member}_{number}.npy" in members]
        arrays = {member: _array(members, f"{member}_{number}") for member in present}
        fits.append(kind.from_arrays(arrays, latent_dim))
    return Sampler(name, latent_dim, tuple(fits), header.classes, header.shares, header.n_codes)


def _array(members: dict[str, bytes], name: str) -> npt.NDArray[Any]:
    if f"{name}.npy" not in members:
        raise ValueError(f"{name} is missing")
    array: npt.NDArray[Any] = np.lib.format.read_array(io.BytesIO(members[f"{name}.npy"]), allow_pickle=False)
    return array
