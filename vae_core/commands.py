"""What the commands other than `train` do. Each takes the parsed arguments and returns its JSON document."""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from vae_core.checkpoints import CheckpointEntry, find_checkpoint, list_checkpoints, read_card
from vae_core.errors import ConfigError, DataError, ShapeError
from vae_core.files import atomic_path, write_atomically
from vae_core.images import enlarge, montage, png_bytes
from vae_core.latent.samplers import FITTED_SAMPLERS
from vae_core.named import check_picture_size, class_among, class_index, explorer_and_data, open_explorer, out_path
from vae_core.training.steering import read_course

if TYPE_CHECKING:
    from vae_core.metrics.catalogue import Figures

Document = dict[str, Any] | list[dict[str, Any]]


def fetch(arguments: argparse.Namespace) -> Document:
    """Download a data set, with progress."""
    from vae_core.report import fetch_with_progress

    folder = fetch_with_progress(arguments.dataset, arguments.data_dir)
    return {"name": arguments.dataset, "path": str(folder)}


def list_(arguments: argparse.Namespace) -> Document:
    """All checkpoints, a line each."""
    return [_entry(entry) for entry in list_checkpoints(arguments.checkpoints_dir)]


def _entry(entry: CheckpointEntry) -> dict[str, Any]:
    card = entry.card
    return {
        "name": entry.name,
        "path": str(entry.path),
        "shipped": entry.shipped,
        "family": card.model.family if card else None,
        "dataset": card.data.name if card else None,
        "latent_dim": card.model.latent_dim if card else None,
        "likelihood": card.model.likelihood if card else None,
        "test_elbo": card.test.elbo.value if card and card.test.elbo else None,
        "problem": entry.problem,
    }


def show(arguments: argparse.Namespace) -> Document:
    """The card of one checkpoint, and what was changed by hand while it trained."""
    folder = find_checkpoint(arguments.name, arguments.checkpoints_dir)
    card = read_card(folder)
    changes = read_course(folder, card.model.family, card.training).changes
    return {"name": folder.name, "path": str(folder), **asdict(card), "changes": [asdict(change) for change in changes]}


def evaluate(arguments: argparse.Namespace) -> Document:
    """ELBO and its parts on a split, and on request the importance-weighted bound and further figures."""
    import torch

    from vae_core.metrics.catalogue import document
    from vae_core.metrics.elbo import EVALUATION_SEED, elbo_parts, importance_weighted_nll, split_figures
    from vae_core.metrics.report import measure_model
    from vae_core.metrics.store import check_storable, save_figures
    from vae_core.report import shown_progress

    explorer, data = explorer_and_data(arguments)

    def keep(measured: Figures) -> None:
        if arguments.save:
            save_figures(explorer.path, explorer.card, measured, arguments.checkpoints_dir)

    if arguments.save:
        check_storable(explorer.card, data, arguments.split, arguments.n_images)
    split = data.split(arguments.split)
    images = torch.from_numpy(np.array(split.images[: arguments.n_images]))
    labels = None if split.labels is None else split.labels[: arguments.n_images]
    figures = split_figures(elbo_parts(explorer.model, images, labels))
    nll = None
    if arguments.importance_samples:
        nll = asdict(importance_weighted_nll(explorer.model, images, arguments.importance_samples, labels))
    with shown_progress() as on_progress:
        measured = measure_model(
            explorer,
            data,
            wanted=arguments.figures,
            split=arguments.split,
            n_images=arguments.n_images,
            elbo=figures,
            checkpoints_dir=arguments.checkpoints_dir,
            generator=np.random.default_rng(EVALUATION_SEED),
            on_progress=on_progress,
            on_group=keep,
        )
    return {
        "name": explorer.name,
        "dataset": data.name,
        "split": arguments.split,
        **asdict(figures),
        "kl_per_dimension": list(figures.kl_per_dimension),
        "nll": nll,
        "importance_samples": arguments.importance_samples or None,
        "figures": document(measured),
    }


def encode(arguments: argparse.Namespace) -> Document:
    """Posterior means and log-variances of a split, as a table or as arrays."""
    out = out_path(arguments.out, ".csv", ".npz")
    explorer, data = explorer_and_data(arguments)
    split = data.split(arguments.split)
    posterior = explorer.encode(split.images, split.labels if explorer.can.label else None)
    n, d = posterior.mu.shape
    if out.suffix.lower() == ".npz":
        arrays = {"mu": posterior.mu}
        if posterior.logvar is not None:
            arrays["logvar"] = posterior.logvar
        if split.labels is not None:
            arrays["labels"] = split.labels  # type: ignore[assignment]
        with atomic_path(out) as temporary, open(temporary, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
    else:
        with atomic_path(out) as temporary, open(temporary, "w", newline="", encoding="utf-8") as text:
            writer = csv.writer(text)
            header = [f"mu_{i + 1}" for i in range(d)]
            header += [f"logvar_{i + 1}" for i in range(d)] if posterior.logvar is not None else []
            writer.writerow(["index", "label", *header])
            for i in range(n):
                label = "" if split.labels is None else int(split.labels[i])
                spread = [] if posterior.logvar is None else posterior.logvar[i].tolist()
                writer.writerow([i, label, *posterior.mu[i].tolist(), *spread])
    return {"name": explorer.name, "dataset": data.name, "split": arguments.split, "n_images": n, "path": str(out)}


def decode(arguments: argparse.Namespace) -> Document:
    """The mean of p(x|z) at one z."""
    out = out_path(arguments.out, ".png")
    explorer = open_explorer(arguments)
    images = explorer.decode([arguments.z], class_index(explorer, arguments.class_))
    write_atomically(out, png_bytes(enlarge(montage(images, gap=0), arguments.scale)))
    return {"name": explorer.name, "z": arguments.z, "path": str(out)}


def fit_sampler(arguments: argparse.Namespace) -> Document:
    """Samplers fitted to the codes of the training split, a line each."""
    from vae_core.latent.samplers.codes import Codes, encode_codes
    from vae_core.latent.samplers.sampler import fit_sampler
    from vae_core.latent.samplers.storage import save_sampler
    from vae_core.report import shown_progress

    explorer, data = explorer_and_data(arguments)
    if arguments.per_class and data.train.labels is None:
        raise DataError(f"{data.title} has no classes: leave --per-class out.")
    codes = encode_codes(explorer, data.train)
    if not arguments.per_class:
        codes = Codes(codes.mu, codes.logvar)
    rows = []
    for name in FITTED_SAMPLERS if arguments.sampler == "all" else (arguments.sampler,):
        start = time.monotonic()
        with shown_progress() as progress:
            generator = np.random.default_rng(arguments.seed)
            sampler = fit_sampler(name, codes, generator=generator, on_progress=partial(progress, name))
        path = save_sampler(explorer.path, sampler, explorer.card, arguments.checkpoints_dir)
        rows.append(
            {
                "name": explorer.name,
                "sampler": name,
                "dataset": data.name,
                "n_images": sampler.n_codes,
                "classes": len(sampler.classes) or None,
                "seconds": time.monotonic() - start,
                "bytes": path.stat().st_size,
                "path": str(path),
            }
        )
    return rows


def sample(arguments: argparse.Namespace) -> Document:
    """A wall of decoded draws from a sampler."""
    from vae_core.latent.samplers.storage import sampler_of

    out = out_path(arguments.out, ".png")
    explorer = open_explorer(arguments)
    check_picture_size(arguments.count, explorer.image_shape, arguments.scale)
    generator = np.random.default_rng(arguments.seed)
    sampler = sampler_of(explorer, arguments.sampler, arguments.checkpoints_dir)
    # A class is the sampler's where it has some, and the decoder's where that takes one; one of them it must be.
    of_sampler = bool(sampler.classes) or not (explorer.can.label or sampler.name == "prior")
    label = None
    if of_sampler and arguments.class_ is not None:
        label = class_among(explorer.card.data.class_names, arguments.class_, explorer.name)
    z = sampler.draw(arguments.count, label=label, temperature=arguments.temperature, generator=generator)
    images = explorer.decode(
        z, class_index(explorer, arguments.class_) if explorer.can.label or not of_sampler else None
    )
    write_atomically(out, png_bytes(montage(images, scale=arguments.scale)))
    return {"name": explorer.name, "sampler": arguments.sampler, "count": len(z), "path": str(out)}


def interpolate(arguments: argparse.Namespace) -> Document:
    """Decoded images along a path between images of the test split, or its z."""
    from vae_core.latent.paths.files import SUFFIXES, path_bytes
    from vae_core.latent.paths.find import cost_of, find_path

    out = out_path(arguments.out, *SUFFIXES)
    suffix = out.suffix.lower()
    if suffix == ".csv" and arguments.method == "pixel":
        raise ConfigError("--method pixel fades pictures and has no z, so there is no table of it.")
    explorer = open_explorer(arguments)
    if not explorer.can.encode:
        raise ConfigError(f"{explorer.name} has no encoder, so there is no path between the codes of two images.")
    label = class_index(explorer, arguments.class_)
    via = [("--via", index) for index in arguments.via]
    anchors = []
    for option, index in (("--from", arguments.from_), *via, ("--to", arguments.to)):
        if not 0 <= index < len(explorer.latents.mu):
            raise ShapeError(
                f"{option} {index}: the test split of {explorer.card.data.name} has images 0 to "
                f"{len(explorer.latents.mu) - 1}."
            )
        anchors.append(explorer.latents.mu[index])
    scale = arguments.scale or (4 if suffix in (".gif", ".mp4") else 1)
    check_picture_size(arguments.steps, explorer.image_shape, scale)
    path = find_path(explorer, anchors, arguments.steps, method=arguments.method, label=label)
    write_atomically(out, path_bytes(suffix, path.images, path.z, scale=scale))
    return {
        "name": explorer.name,
        "method": path.method,
        "steps": len(path.images),
        **asdict(cost_of(explorer, path, label)),
        "z": None if path.z is None else path.z.tolist(),
        "path": str(out),
    }


def project(arguments: argparse.Namespace) -> Document:
    """The test split's codes on a plane, kept with the checkpoint, and on request as a table."""
    from vae_core.checkpoints import read_latents
    from vae_core.latent.projection_files import keep_projection, make_projection, table_of
    from vae_core.latent.projections import Settings
    from vae_core.report import shown_progress

    out = None if arguments.out is None else out_path(arguments.out, ".csv")
    folder = find_checkpoint(arguments.name, arguments.checkpoints_dir)
    card = read_card(folder)
    latents = read_latents(folder, card)
    if not len(latents.mu):
        raise ConfigError(f"{folder.name} has no encoder, so there are no codes to project.")
    settings = Settings.of(arguments.method, arguments.neighbours, arguments.seed)
    with shown_progress() as on_progress:
        made = make_projection(latents, settings, on_progress=lambda share: on_progress("projecting", share))
    path = keep_projection(folder, card, made, arguments.checkpoints_dir)
    if out is not None:
        write_atomically(out, table_of(made, latents))
    return {
        "name": folder.name,
        **asdict(settings),
        "codes": len(made.xy),
        "trustworthiness": asdict(made.trust),
        "seconds": made.seconds,
        "path": str(path if out is None else out),
    }


def export(arguments: argparse.Namespace) -> Document:
    """Decoder or encoder as ONNX, compared with onnxruntime before it is written."""
    from vae_core.export import export_onnx

    out = out_path(arguments.out, ".onnx")
    explorer = open_explorer(arguments)
    report = export_onnx(explorer.model, arguments.part, out)
    return {
        "name": explorer.name,
        "part": arguments.part,
        "path": str(report.path),
        "bytes": report.n_bytes,
        "opset": report.opset,
        "max_difference": report.max_difference,
    }


def vary(arguments: argparse.Namespace) -> Document:
    """Variations of images as a folder or a zip file."""
    from vae_core.vary import vary_command

    return vary_command(arguments)


def sweep(arguments: argparse.Namespace) -> Document | None:
    """The runs of a sweep, trained where that is left to do."""
    from vae_core.sweep_command import sweep_command

    return sweep_command(arguments)


def doctor(arguments: argparse.Namespace) -> Document:
    """What is wrong with a run, and what to change."""
    from vae_core.doctor.command import doctor_command

    return doctor_command(arguments)


COMMANDS: dict[str, Callable[[argparse.Namespace], Document | None]] = {
    "fetch": fetch,
    "list": list_,
    "show": show,
    "sweep": sweep,
    "evaluate": evaluate,
    "encode": encode,
    "decode": decode,
    "fit-sampler": fit_sampler,
    "sample": sample,
    "interpolate": interpolate,
    "vary": vary,
    "project": project,
    "export": export,
    "doctor": doctor,
}
