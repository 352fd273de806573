"""All figures of a model on a data set."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from vae_core.card import SplitFigures
from vae_core.data.image_set import ImageSet
from vae_core.errors import ConfigError, ShapeError
from vae_core.explorer import LatentExplorer
from vae_core.metrics.catalogue import GROUPS, Figures, NotMeasured, names_of
from vae_core.metrics.classifier import Progress
from vae_core.metrics.steps import STEPS, DoesNotApplyError, Subject


def measure_model(
    explorer: LatentExplorer,
    data: ImageSet,
    *,
    wanted: Iterable[str] = GROUPS,
    split: str = "test",
    n_images: int | None = None,
    elbo: SplitFigures | None = None,
    checkpoints_dir: str | Path | None = None,
    generator: np.random.Generator,
    on_progress: Progress = lambda what, share: None,
    on_group: Callable[[Figures], None] = lambda figures: None,
) -> Figures:
    """Measure a model.

    Parameters
    ----------
    explorer : LatentExplorer
    data : ImageSet
        Of the shape that the model takes.
    wanted : iterable of str
        Groups of figures: elbo, bound, reconstruction, latent, samples, disentanglement.
    split : str
        The images that the model is measured on.
    n_images : int, optional
        Only the first of these.
    elbo : SplitFigures, optional
        Of these images, where that is known already (`vae_core.metrics.elbo.split_figures`).
    checkpoints_dir : path, optional
        Where new checkpoints lie, and beside them the classifier whose features samples are compared by; it is
        trained when there is none yet, which takes a minute or two.
    generator : numpy.random.Generator
        Each group draws from a stream of its own, so that no figure depends on which others are asked for.
    on_progress : callable
        Told what is being measured and how much is done, from 0 to 1.
    on_group : callable
        Given the figures of each group as soon as they are there: whoever stops then has what was measured so far.

    Returns
    -------
    dict
        By name, in the order of `vae_core.metrics.catalogue.DEFINITIONS`: a Measure, or a NotMeasured with its reason.

    Raises
    ------
    ConfigError
        When a group is unknown.
    DataError
        When the split is.
    VaeCoreError
        When what the model yields is no finite number, or the stored classifier is damaged.
    """
    groups = set(wanted)
    if unknown := groups - set(GROUPS):
        raise ConfigError(f"There are no figures called {min(unknown)!r}; there are {', '.join(GROUPS)}.")
    names = names_of(groups)
    found: Figures = {}

    def say(text: str) -> None:
        on_progress(text, len(found) / len(names))

    subject = Subject(explorer, data, split, n_images, elbo, checkpoints_dir, say)
    streams = dict(zip(GROUPS, generator.spawn(len(GROUPS)), strict=True))
    for group in [group for group in GROUPS if group in groups]:
        for some, ask in STEPS[group](subject, streams[group]):
            say(f"measuring {some[0].replace('_', ' ')}")
            try:
                found |= dict(zip(some, ask(), strict=True))
            except (DoesNotApplyError, ShapeError) as problem:  # a ShapeError: too few images, a constant factor, …
                found |= dict.fromkeys(some, NotMeasured(str(problem)))
        on_group({name: found[name] for name in names_of([group])})
    on_progress("measured", 1.0)
    return found
