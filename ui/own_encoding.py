"""A picture of one's own, as a model sees it: prepared step by step, encoded, decoded, and what its ELBO is made of.

May be asked anywhere: in a page's script and in the live channel's threads.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ui import decoder
from ui.decoder_worker import Pixels
from vae_core import LatentExplorer
from vae_core.data.recipe import RECIPES, SWITCHES, Recipe, Switch, prepare
from vae_core.inputs import checked_label
from vae_core.latent.evidence import Floats, Terms, elbo_terms, even_draws

MOST_IMAGES = len(SWITCHES) + 2
"""The picture as it came, after each step, and what it is decoded to."""

N_DRAWS = 16
"""Draws of z that the ELBO under the hand is estimated with: evenly spread, and always the same."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What a model makes of a picture.

    Attributes
    ----------
    pictures : uint8 array of shape (n, H, W, C)
        After each step of `prepare`; then the decoded mu, where there is one.
    facts : dict
        `steps`, their names; `mu` and `sigma`, D numbers each, or None: there is no encoder, or nothing to be encoded;
        `log_likelihood`, `kl` and `elbo` in nats, None as far as the model has none; `squared_error`.
    """

    pictures: Pixels
    facts: dict[str, Any]

    @property
    def text(self) -> str:
        """The facts as JSON."""
        return json.dumps(self.facts, allow_nan=False)

    @property
    def image(self) -> Pixels:
        """What is encoded, (C, H, W)."""
        return np.ascontiguousarray(self.pictures[len(self.facts["steps"]) - 1].transpose(2, 0, 1))


def recipe_of(explorer: LatentExplorer) -> Recipe | None:
    """How the images that the model was trained on were made; None where that is not known."""
    return RECIPES.get(explorer.card.data.name)


def switches_of(number: int) -> tuple[Switch, ...]:
    """The steps of a sum of 1 invert, 2 crop, 4 centre."""
    return tuple(switch for bit, switch in enumerate(SWITCHES) if number >> bit & 1)


def see(explorer: LatentExplorer, picture: Pixels, switches: Collection[Switch], label: int = -1) -> Seen:
    """Prepare a picture and encode it.

    Parameters
    ----------
    explorer : LatentExplorer
    picture : uint8 array of shape (H', W', 1 or 3)
    switches : collection of str
        Which steps are done.
    label : int
        The class, for a model that takes one; -1: none.

    Raises
    ------
    ShapeError
        When the label does not fit the model.
    """
    told = None if label == -1 else label
    checked_label(told, 1, explorer.n_classes, explorer.name)
    steps = prepare(picture, explorer.image_shape, recipe_of(explorer), switches)
    pictures = [step.image.transpose(1, 2, 0) for step in steps]
    facts: dict[str, Any] = {"steps": [step.switch for step in steps]}
    facts |= dict.fromkeys(("mu", "sigma", "log_likelihood", "kl", "elbo", "squared_error"))
    image = steps[-1].image
    if explorer.can.encode and image.any():

        def ask(_: slice) -> tuple[Floats, Floats | None, Terms, Pixels]:
            found = explorer.encode(image[None], told)
            draws = _draws(explorer.latent_dim)
            terms = elbo_terms(explorer, image[None], found.mu, found.logvar, told, draws=draws)
            return (
                found.mu[0],
                None if found.logvar is None else found.logvar[0],
                terms,
                explorer.decode_uint8(found.mu, told),
            )

        mu, logvar, terms, x_hat = decoder.in_background(explorer, 1, ask, soon=True).result()[0]
        pictures.append(x_hat[0])
        facts["mu"] = mu.tolist()
        facts["sigma"] = None if logvar is None else np.exp(0.5 * logvar).tolist()
        facts |= numbers(terms, 0)
        facts["squared_error"] = squared_error(image, x_hat[0])
    return Seen(np.stack(pictures), facts)


def numbers(terms: Terms, i: int) -> dict[str, float | None]:
    """The ELBO's terms of image i."""
    return {
        "log_likelihood": float(terms.log_likelihood[i]),
        "kl": None if terms.kl is None else float(terms.kl[i]),
        "elbo": None if terms.elbo is None else float(terms.elbo[i]),
    }


def squared_error(image: Pixels, picture: Pixels) -> float:
    """Sum over the pixels of (C, H, W) and (H, W, C), in units of [0, 1]."""
    off = (image.astype(np.float64) - picture.transpose(2, 0, 1)) / 255
    return float(np.square(off).sum())


@cache
def _draws(latent_dim: int) -> Floats:
    return even_draws(N_DRAWS, latent_dim, generator=np.random.default_rng(0))[None]
