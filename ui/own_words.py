"""What the figures and marks of an image of one's own mean, and when not to trust them."""

from __future__ import annotations

from vae_core import LatentExplorer
from vae_core.latent.fill import Fills


def meaning(explorer: LatentExplorer) -> str:
    """What the ellipses and figures mean, and when not to trust them."""
    told = " You say of which class your image is: encoder and decoder are told that, and believe it."
    return _marks(explorer) + (told if explorer.can.label else "")


def _marks(explorer: LatentExplorer) -> str:
    if explorer.can.posterior:
        return (
            "Ellipses: q(z|x) of your image at one and two standard deviations, the encoder's and, in colour, the one "
            "found by gradient; the gap between their ELBOs is what the encoder's quick answer costs. "
            "An encoder answers for anything: a low ELBO says that your image is unlike its data."
        )
    if explorer.can.encode:
        return (
            "Dots: the encoder's z and, in colour, the one found by gradient. This encoder gives a point: there is no "
            "ellipse and no ELBO, and a good likelihood does not say that the image is like the data."
        )
    return (
        "This model has no encoder: once you rest, z is sought by gradient from the best of 256 draws of the prior, to "
        "the least squared error. Another z may explain the image as well."
    )


def meaning_of_fills(answers: Fills) -> str:
    """How the fills came about, and when not to trust them."""
    if answers.logvar is None:
        return f"{len(answers.mu)} answers by gradient, the best first: points, as this model has no q(z|x)."
    share = f" in {len(answers.mu)} places of z" if len(answers.mu) > 1 else ""
    return (
        f"{len(answers.z)} draws of z given what is visible{share}. They differ as far as the model is in doubt; where "
        "what is visible is unlike its data, all may be wrong."
    )
