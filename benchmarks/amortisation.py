"""What an encoder's quick answer costs: its q(z|x) against the one that a gradient finds for each image.

    python benchmarks/amortisation.py [--model mnist-2d …] [--images 200] [--threads 1]

Of the first images of the test split. Both ELBOs are estimated with the same 256 draws an image, which the optimiser
has not seen. The last line of the output is one JSON document.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import machine, machine_line, print_document
from vae_core import LatentExplorer
from vae_core.data import load_dataset
from vae_core.latent.amortisation import amortisation_gap
from vae_core.metrics.elbo import measure

MODELS = ("mnist-2d", "mnist-16d", "mnist-2d-cvae", "mnist-2d-beta0.1", "mnist-2d-beta8", "fashion-2d", "digits-2d")
SEED = 0
N_TIMED = 5


def main() -> None:
    """Measure each model, print a table and the document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", nargs="+", default=list(MODELS))
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    facts = machine(options.threads)
    print(f"{machine_line(facts)}; {options.images} test images, nats an image, ± standard error over the images\n")
    print(f"{'model':18} {'encoder ELBO':>18} {'optimised ELBO':>18} {'gap':>14} {'median':>8} {'s an image':>11}")
    results = []
    for name in options.model:
        result = measured(name, options.images)
        results.append(result)
        columns = [
            f"{result[part]['value']:.2f} ± {result[part]['standard_error']:.2f}" for part in ("encoder", "optimised")
        ]
        gap = f"{result['gap']['value']:.3f} ± {result['gap']['standard_error']:.3f}"
        print(
            f"{name:18} {columns[0]:>18} {columns[1]:>18} {gap:>14} {result['median_gap']:8.3f} "
            f"{result['seconds_for_one']:11.2f}"
        )
    print()
    print_document({"benchmark": "amortisation", "machine": facts, "n_images": options.images, "models": results})


def measured(name: str, n_images: int) -> dict[str, Any]:
    """The ELBOs of a model and their gap, each with its standard error; seconds for one image alone."""
    explorer = LatentExplorer.load(name, device="cpu")
    split = load_dataset(explorer.card.data.name).test
    images = np.asarray(split.images[:n_images])
    labels = None if not explorer.can.label or split.labels is None else np.asarray(split.labels[:n_images])
    found = amortisation_gap(explorer, images, labels, generator=np.random.default_rng(SEED))
    seconds = []
    for i in range(N_TIMED):
        start = perf_counter()
        one = None if labels is None else labels[i : i + 1]
        amortisation_gap(explorer, images[i : i + 1], one, generator=np.random.default_rng(SEED))
        seconds.append(perf_counter() - start)
    encoder, optimised = found.at_encoder.elbo, found.at_optimised.elbo
    assert encoder is not None  # it has a q(z|x), or there had been no gap
    assert optimised is not None
    parts = {"encoder": encoder, "optimised": optimised, "gap": found.gap}
    return {
        "model": name,
        **{part: vars(measure(values)) for part, values in parts.items()},
        "median_gap": float(np.median(found.gap)),
        "share_below_0": float(np.mean(found.gap < 0)),
        "seconds_for_one": statistics.median(seconds),
    }


if __name__ == "__main__":
    main()
