"""A model's decoder or encoder as one ONNX file, checked before it is written."""

from __future__ import annotations

import copy
import importlib
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from vae_core.errors import ConfigError, VaeCoreError
from vae_core.files import writable, write_atomically

if TYPE_CHECKING:
    from vae_core.models import Model

CHECKED_BATCHES = (1, 64)
TOLERANCE = 1e-5
"""Largest difference between onnxruntime and torch that is let through."""


class ExportError(VaeCoreError):
    """A model cannot be exported here, or its export cannot be written."""


@dataclass(frozen=True)
class OnnxReport:
    """What was written.

    Attributes
    ----------
    path : Path
    n_bytes : int
        Size of the file, weights included.
    opset : int
        Version of ONNX's operator set that a runtime must know.
    max_difference : float
        Largest difference between onnxruntime's and torch's outputs: absolute where torch's value is within [-1, 1]
        (so for every pixel), relative to it beyond.
    """

    path: Path
    n_bytes: int
    opset: int
    max_difference: float


class _Decoder(nn.Module):
    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        return self.model.mean(z, label)


class _Encoder(nn.Module):
    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor, label: Tensor | None = None) -> tuple[Tensor, ...]:
        posterior = self.model.encode(x, label)
        return (posterior.mu,) if posterior.logvar is None else (posterior.mu, posterior.logvar)


def export_onnx(model: Model, part: str, path: str | os.PathLike[str]) -> OnnxReport:
    """Write one part of a model as an ONNX file of its own, for any batch size N.

    The graph is run by onnxruntime and compared with torch, for batches of 1 and 64, before anything is written; the
    file gets its name in one step, so that an older one of that name stays until the new one is whole.

    Parameters
    ----------
    model : Model
        On any device, of any floating type; it is copied, and exported as float32.
    part : {"decoder", "encoder"}
        decoder: `z` (N, D) -> `x_hat` (N, C, H, W), the mean of p(x|z).
        encoder: `x` (N, C, H, W) in [0, 1] -> `mu` (N, D), and `logvar` (N, D) where there is a q(z|x).
        For a model that takes a class both have a second input, `label` (N,), int64.
    path : path-like
        The file to write; its folder must be there.

    Returns
    -------
    OnnxReport

    Raises
    ------
    ConfigError
        When `part` is neither of the two or is not there, or no file can be written at `path`.
    ExportError
        When a package is missing, onnxruntime disagrees with torch, or the disk is full.
    """
    if part not in ("decoder", "encoder"):
        raise ConfigError(f"part must be decoder or encoder, but it is {part!r}.")
    if part == "encoder" and not model.can.encode:
        raise ConfigError(f"A {model.config.family} has no encoder to export; only --part decoder.")
    target = writable(Path(path))
    _require("onnx", "onnxscript", "onnxruntime")

    # A copy: the model is shared with other threads, may live on a GPU, and must not be touched.
    own = copy.deepcopy(model).to("cpu", torch.float32)
    decoder, encoder = _Decoder(own).eval(), _Encoder(own).eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        batches = [(torch.randn(n, model.latent_dim, generator=generator),) for n in CHECKED_BATCHES]
        given: list[tuple[Tensor, ...]] = [
            (torch.arange(n) % model.n_classes,) for n in CHECKED_BATCHES if model.n_classes
        ]
        module: nn.Module = decoder
        inputs, outputs = ["z"], ["x_hat"]
        asked = [z + label for z, label in zip(batches, given or [()] * len(batches), strict=True)]
        if part == "encoder":
            module = encoder
            asked = [(decoder(*one), *one[1:]) for one in asked]  # images of the kind that it was made for
            inputs, outputs = ["x"], ["mu", "logvar"] if model.can.posterior else ["mu"]
        inputs += ["label"] if model.n_classes else []
        graph, opset = _traced(module, asked[-1], inputs, outputs)
        difference = _max_difference(module, graph, asked, inputs)
    if not difference <= TOLERANCE:  # so written that NaN is refused
        raise ExportError(
            f"The exported {part} differs from torch's by {difference:.2g}, more than {TOLERANCE:g}; "
            f"nothing was written to {target}."
        )
    try:
        write_atomically(target, graph)
    except OSError as error:
        raise ExportError(f"Cannot write {target}: {error.strerror or error}.") from None
    return OnnxReport(path=target, n_bytes=len(graph), opset=opset, max_difference=difference)


def _require(*packages: str) -> None:
    for package in packages:
        try:
            importlib.import_module(package)
        except ImportError:
            raise ExportError(
                f"ONNX export needs the package {package}, which is not installed; run `pip install {package}`."
            ) from None


def _traced(module: nn.Module, example: tuple[Tensor, ...], inputs: list[str], outputs: list[str]) -> tuple[bytes, int]:
    """The serialised ONNX graph, weights inside, and its opset."""
    with warnings.catch_warnings():
        # Two inputs of one batch size are what is meant, and the exporter tells so.
        warnings.filterwarnings("ignore", message=".*shares the same shape constraints.*")
        program: Any = torch.onnx.export(
            module,
            example,
            dynamo=True,
            input_names=inputs,
            output_names=outputs,
            dynamic_shapes=tuple({0: "N"} for _ in example),
            external_data=False,
            verbose=False,
        )
    proto = program.model_proto
    # The exporter notes a stack trace, with the paths of this machine, at each node: nobody else's business.
    graph = proto.graph
    for part in (proto, graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        part.ClearField("metadata_props")
    return proto.SerializeToString(), int(proto.opset_import[0].version)


def _max_difference(module: nn.Module, graph: bytes, batches: list[tuple[Tensor, ...]], inputs: list[str]) -> float:
    import onnxruntime  # here, because it takes long and only an export needs it

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    differences: list[float] = []
    for batch in batches:
        answer = module(*batch)
        expected = [tensor.numpy() for tensor in (answer if isinstance(answer, tuple) else (answer,))]
        got: list[npt.NDArray[np.float32]] = session.run(
            None, {name: tensor.numpy() for name, tensor in zip(inputs, batch, strict=True)}
        )
        for want, have in zip(expected, got, strict=True):
            if want.shape != have.shape:
                return float("inf")
            differences.append(float((np.abs(have - want) / np.maximum(1.0, np.abs(want))).max()))
    return float(np.max(differences))
