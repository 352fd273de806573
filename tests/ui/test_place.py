"""What a browser says of a place, which may be anything: read, or refused."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from ui.place import farthest, read_settled
from vae_core import LatentExplorer


def model(n_classes: int = 0, widest: float = 3.0) -> LatentExplorer:
    """As much of a model as a place needs: two dimensions, and codes up to `widest`."""
    latents = SimpleNamespace(mu=np.array([[0.0, -widest]], np.float32))
    can = SimpleNamespace(label=n_classes > 0)
    return cast(LatentExplorer, SimpleNamespace(latent_dim=2, latents=latents, can=can, n_classes=n_classes))


def settled(**change: Any) -> dict[str, Any]:
    """A message of a hand that has settled."""
    return {"settled": {"z": [0.5, -1], "pinned": True, "label": -1, **change}}


def test_a_settled_place_is_read_with_its_class() -> None:
    """z, the pin, and the class of a model that takes one."""
    found = read_settled(settled(label=3), model(10))
    assert found is not None
    assert ([0.5, -1.0], True, 3) == (found.z.tolist(), found.pinned, found.label)
    assert -1 == getattr(read_settled(settled(), model()), "label", None)


@pytest.mark.parametrize("label", [-1, 10, 10**30, True, 1.0, "1", None, [1], float("nan")])
def test_a_class_that_is_none_of_the_models_is_refused(label: object) -> None:
    """So is a class told of a model that takes none."""
    assert read_settled(settled(label=label), model(10)) is None
    assert label == -1 or read_settled(settled(label=label), model()) is None


@pytest.mark.parametrize(
    "state",
    [None, 7, {}, {"settled": None}, settled(z=[1]), settled(z=[1, "2"]), settled(z=[1, None]), settled(pinned=1)],
)
def test_what_is_no_place_is_refused(state: object) -> None:
    """Whatever it is made of."""
    assert read_settled(state, model()) is None


def test_a_place_may_lie_as_far_out_as_twice_the_codes() -> None:
    """A hundred at least; codes that no prior holds may be farther, and z is cut off beyond."""
    assert (100.0, 500.0) == (farthest(model()), farthest(model(widest=250)))
    found = read_settled(settled(z=[-1e5, 240]), model(widest=250))
    assert found is not None
    assert [-500.0, 240.0] == found.z.tolist()
