"""ONNX files: what onnxruntime makes of them, and what is left where they cannot be made."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import vae_core.export
from vae_core.config import ModelConfig
from vae_core.errors import ConfigError
from vae_core.export import TOLERANCE, ExportError, OnnxReport, export_onnx
from vae_core.models import VAE, build_model

SHAPE = (1, 8, 8)
every_network = pytest.mark.parametrize("network", ["mlp", "conv"])


def small_model(network: str = "mlp") -> VAE:
    """An untrained model of a few thousand weights, the same one each time."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_model(ModelConfig(network=network, hidden=(8, 8), latent_dim=3), SHAPE)  # type: ignore[arg-type]


def names_in(folder: Path) -> list[str]:
    """Everything that lies in a folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


def run(path: Path, values: Tensor) -> list[np.ndarray[Any, Any]]:
    """What onnxruntime answers, given nothing but the file."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    answers: list[np.ndarray[Any, Any]] = session.run(None, {session.get_inputs()[0].name: values.numpy()})
    return answers


@pytest.fixture(scope="module")
def encoder_report(tmp_path_factory: pytest.TempPathFactory) -> OnnxReport:
    """The encoder of an MLP, written once: tracing takes a second."""
    return export_onnx(small_model(), "encoder", tmp_path_factory.mktemp("onnx") / "e.onnx")


@every_network
def test_decoder_agrees_with_torch_for_any_batch(network: str, tmp_path: Path) -> None:
    """z in, the mean of p(x|z) out, for 1, 7 and 64 at once, from a file that stands alone."""
    model = small_model(network)
    report = export_onnx(model, "decoder", tmp_path / "d.onnx")
    assert ["d.onnx"] == names_in(tmp_path)
    assert (report.path, report.n_bytes) == (tmp_path / "d.onnx", (tmp_path / "d.onnx").stat().st_size)
    assert 0 <= report.max_difference <= TOLERANCE
    for n in (1, 7, 64):
        z = torch.randn(n, 3, generator=torch.Generator().manual_seed(n))
        with torch.no_grad():
            expected = model.likelihood.mean(model.decode(z)).numpy()
        (x_hat,) = run(report.path, z)
        assert (n, *SHAPE) == x_hat.shape
        np.testing.assert_allclose(expected, x_hat, atol=TOLERANCE, rtol=0)


def test_encoder_agrees_with_torch_for_any_batch(encoder_report: OnnxReport) -> None:
    """x in, mu and logvar out, for 1, 7 and 64 at once."""
    model, report = small_model(), encoder_report
    for n in (1, 7, 64):
        x = torch.rand(n, *SHAPE, generator=torch.Generator().manual_seed(n))
        with torch.no_grad():
            posterior = model.encode(x)
        mu, logvar = run(report.path, x)
        np.testing.assert_allclose(posterior.mu.numpy(), mu, atol=TOLERANCE, rtol=0)
        np.testing.assert_allclose(posterior.logvar.numpy(), logvar, atol=TOLERANCE, rtol=0)


def test_file_names_its_inputs_and_tells_nothing_of_this_machine(encoder_report: OnnxReport) -> None:
    """The names are the project's words, the batch is free, and no path of the exporting machine is inside."""
    import onnx

    report = encoder_report
    proto = onnx.load(report.path)
    onnx.checker.check_model(proto, full_check=True)
    assert ["x"] == [value.name for value in proto.graph.input]
    assert ["mu", "logvar"] == [value.name for value in proto.graph.output]
    assert "N" == proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param
    assert report.opset == proto.opset_import[0].version
    content = report.path.read_bytes()
    assert str(Path(__file__).parents[2]).encode() not in content
    assert b"site-packages" not in content


def test_half_precision_weights_are_exported_as_float32_and_stay_as_they_are(tmp_path: Path) -> None:
    """The model itself is not touched: same type, same mode, same values."""
    model = small_model("conv").half().train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    report = export_onnx(model, "encoder", tmp_path / "e.onnx")
    assert model.training
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    x = torch.rand(5, *SHAPE, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = model.float().encode(x)
    mu, logvar = run(report.path, x)
    np.testing.assert_allclose(expected.mu.numpy(), mu, atol=TOLERANCE, rtol=0)
    np.testing.assert_allclose(expected.logvar.numpy(), logvar, atol=TOLERANCE, rtol=0)


@pytest.fixture
def already_traced(encoder_report: OnnxReport, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tracing answers with the graph of `encoder_report`, whatever it is given."""
    answer = (encoder_report.path.read_bytes(), encoder_report.opset)
    monkeypatch.setattr(vae_core.export, "_traced", lambda *_: answer)


@pytest.mark.usefixtures("already_traced")
@pytest.mark.parametrize("shift", [2e-5, float("nan")])
def test_a_graph_that_disagrees_is_not_written(shift: float, tmp_path: Path) -> None:
    """Where onnxruntime and torch differ, the older file of that name stays and no other appears."""
    model, target = small_model(), tmp_path / "e.onnx"
    with torch.no_grad():
        model.to_mu.bias += shift
    target.write_bytes(b"older")
    with pytest.raises(ExportError, match="differs"):
        export_onnx(model, "encoder", target)
    assert ["e.onnx"] == names_in(tmp_path)
    assert b"older" == target.read_bytes()


@pytest.mark.usefixtures("already_traced")
def test_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was begun is removed when the disk is full."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ExportError, match="No space left"):
        export_onnx(small_model(), "encoder", tmp_path / "e.onnx")
    assert [] == names_in(tmp_path)


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without onnxruntime: its name, and what to run."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ExportError, match="pip install onnxruntime"):
        export_onnx(small_model(), "decoder", tmp_path / "d.onnx")


def test_places_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    """A folder that is not there, a folder or pipe in the file's place, and impossible names are one clear error."""
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    for path in ("absent/d.onnx", ".", "file/d.onnx", "pipe", "nul\0", "x" * 300, f"{'x' * 300}/d.onnx"):
        with pytest.raises(ConfigError):
            export_onnx(small_model(), "decoder", tmp_path / path)
    assert ["file", "pipe"] == names_in(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    """No permission is said before the seconds of tracing."""
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigError, match="permission"):
        export_onnx(small_model(), "decoder", tmp_path / "d.onnx")


def test_an_unknown_part_is_refused(tmp_path: Path) -> None:
    """What is neither decoder nor encoder is one clear error."""
    with pytest.raises(ConfigError, match="part must be decoder or encoder"):
        export_onnx(small_model(), "both", tmp_path / "d.onnx")
