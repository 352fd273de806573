"""One image followed through a model: every tensor on the way from x to the ELBO, with its real numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vae_core.errors import CheckpointError, ShapeError
from vae_core.inputs import checked_images, checked_label, checked_z
from vae_core.latent.evidence import pixel_log_prob
from vae_core.models import DiagonalGaussian
from vae_core.models.networks import with_class
from vae_core.models.outline import pass_through

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer

Floats = npt.NDArray[np.float32]
Part = Literal["image", "class", "encoder", "posterior", "draw", "decoder", "bound"]


@dataclass(frozen=True, eq=False)
class Box:
    """A tensor of the computation graph.

    Attributes
    ----------
    name : str
        "x", "class", "encoder 1" …, "mu", "logvar", "sigma", "epsilon", "z", "class for z", "decoder 1" …, "x_hat",
        "log p(x|z)", "KL", "ELBO".
    part : str
        Where in the graph it stands.
    what : str
        How it is computed, in words.
    values : float32 array
        The tensor, without the axis of the batch; by pixel (H, W) of log p(x|z), by dimension (D,) of the KL, of no
        axis of the ELBO.
    inputs : tuple of str
        Names of the tensors that it is computed from.
    """

    name: str
    part: Part
    what: str
    values: Floats
    inputs: tuple[str, ...] = ()

    @property
    def total(self) -> float:
        """The sum of the values, in double precision."""
        return float(self.values.sum(dtype=np.float64))


@torch.inference_mode()
def trace_image(
    explorer: LatentExplorer, image: npt.ArrayLike, label: int | None = None, *, epsilon: npt.ArrayLike
) -> tuple[Box, ...]:
    """Follow an image through encoder, z, decoder and ELBO.

    Parameters
    ----------
    explorer : LatentExplorer
        With an encoder.
    image : array of shape (C, H, W)
        uint8 in 0..255, or floats in [0, 1].
    label : int, optional
        The class, for a model that takes one, and only for such.
    epsilon : array of shape (D,)
        In z = mu + sigma epsilon; not used where the encoder gives a point.

    Returns
    -------
    tuple of Box
        Each after its inputs. Without a posterior there is no mu, no sigma, no KL and no ELBO.

    Raises
    ------
    ShapeError
        When an argument has another shape, type or range, the label does not fit, or there is no encoder.
    CheckpointError
        When a number on the way is not finite.
    """
    name, model = explorer.name, explorer.model
    if not explorer.can.encode:
        raise ShapeError(f"{name} has no encoder, so no image can be followed into it: give trace_z a z.")
    x = explorer.batches.to_device(checked_images(np.asarray(image)[None], explorer.image_shape, name))
    noise = explorer.batches.to_device(checked_z(np.asarray(epsilon)[None], explorer.latent_dim, name))
    one_hot = _one_hot(explorer, label)
    boxes = [_box("x", "image", "the image", x)]
    inside = x
    if one_hot is not None:
        boxes.append(_box("class", "class", "the class as the encoder is told it: 1 at its place", one_hot))
        inside = with_class(model.config.network, x, one_hot)
    steps, _ = pass_through(model.encoder, inside)
    before = tuple(box.name for box in boxes)
    for i, step in enumerate(steps, 1):
        boxes.append(_box(f"encoder {i}", "encoder", _words(step.kind, step.activation), step.active, before))
        before = (f"encoder {i}",)
    posterior = model.encode(x, _told(explorer, label))
    if isinstance(posterior, DiagonalGaussian):
        sigma = torch.exp(0.5 * posterior.logvar)
        z = posterior.mu + sigma * noise
        boxes += [
            _box("mu", "posterior", "fully connected: the mean of q(z|x)", posterior.mu, before),
            _box("logvar", "posterior", "fully connected: the log of its variance", posterior.logvar, before),
            _box("sigma", "posterior", "exp(logvar / 2): the standard deviation of q(z|x)", sigma, ("logvar",)),
            _box("epsilon", "draw", "a draw of N(0, I): all chance is here", noise),
            _box("z", "draw", "mu + sigma · epsilon", z, ("mu", "sigma", "epsilon")),
        ]
    else:
        z = posterior.mu
        boxes.append(_box("z", "draw", "fully connected: the code, a point and no distribution", z, before))
    boxes += _decoded(explorer, z, one_hot)
    params = model.decode(z, _told(explorer, label))
    by_pixel = pixel_log_prob(model.likelihood, params, x)  # (1, H, W)
    what = f"{explorer.card.model.likelihood} likelihood of each pixel of x where the decoder says x_hat, in nats"
    boxes.append(_box("log p(x|z)", "bound", what, by_pixel, ("x", "x_hat")))
    if isinstance(posterior, DiagonalGaussian):
        kl = _box("KL", "bound", "½ (mu² + sigma² - 1 - logvar) by dimension, nats", posterior.kl(), ("mu", "logvar"))
        elbo = np.float32(boxes[-1].total - kl.total)
        boxes += [kl, Box("ELBO", "bound", "log p(x|z) - KL, in nats", np.asarray(elbo), ("log p(x|z)", "KL"))]
    return _finite(explorer, boxes)


@torch.inference_mode()
def trace_z(explorer: LatentExplorer, z: npt.ArrayLike, label: int | None = None) -> tuple[Box, ...]:
    """Follow a z through the decoder to x_hat: all there is of a model without an encoder.

    Parameters
    ----------
    explorer : LatentExplorer
    z : array of shape (D,)
    label : int, optional
        The class, for a model that takes one, and only for such.

    Returns
    -------
    tuple of Box
        Each after its inputs.

    Raises
    ------
    ShapeError
        When z has another shape or is not finite, or the label does not fit.
    CheckpointError
        When a number on the way is not finite.
    """
    rows = explorer.batches.to_device(checked_z(np.asarray(z)[None], explorer.latent_dim, explorer.name))
    boxes = [_box("z", "draw", "a draw of the prior N(0, I)", rows)]
    return _finite(explorer, [*boxes, *_decoded(explorer, rows, _one_hot(explorer, label))])


def _decoded(explorer: LatentExplorer, z: Tensor, one_hot: Tensor | None) -> list[Box]:
    model = explorer.model
    boxes = list[Box]()
    before: tuple[str, ...] = ("z",)
    inside = z
    if one_hot is not None:
        boxes.append(_box("class for z", "class", "the class as the decoder is told it, joined to z", one_hot))
        before, inside = ("z", "class for z"), torch.cat([z, one_hot], -1)
    steps, params = pass_through(model.decoder, inside)
    for i, step in enumerate(steps, 1):
        tensor = params if i == len(steps) else step.active  # the last layer's numbers in the shape of the image
        boxes.append(_box(f"decoder {i}", "decoder", _words(step.kind, step.activation), tensor, before))
        before = (f"decoder {i}",)
    mean = model.likelihood.mean(params)
    return [*boxes, _box("x_hat", "image", "the mean of p(x|z)" if model.can.likelihood else "the image", mean, before)]


def _box(name: str, part: Part, what: str, tensor: Tensor, inputs: tuple[str, ...] = ()) -> Box:
    values = np.ascontiguousarray(tensor[0].float().cpu().numpy())
    values.setflags(write=False)
    return Box(name, part, what, values, inputs)


def _words(kind: str, activation: str) -> str:
    return f"{kind}, then {activation}" if activation else kind


def _told(explorer: LatentExplorer, label: int | None) -> Tensor | None:
    labels = checked_label(label, 1, explorer.n_classes, explorer.name)
    return None if labels is None else torch.from_numpy(np.array(labels)).to(explorer.device)


def _one_hot(explorer: LatentExplorer, label: int | None) -> Tensor | None:
    told = _told(explorer, label)
    return None if told is None else torch.nn.functional.one_hot(told, explorer.n_classes).float()


def _finite(explorer: LatentExplorer, boxes: list[Box]) -> tuple[Box, ...]:
    for box in boxes:
        if not np.isfinite(box.values).all():
            raise CheckpointError(f"{explorer.name}: {box.name} is not finite: the model's weights are unusable.")
    return tuple(boxes)
