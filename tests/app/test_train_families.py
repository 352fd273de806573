"""Every family from the form of the Train page: started, and with no settings but its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.test_train_page import sentences
from vae_core.checkpoints import read_card
from vae_core.config import Family, ModelConfig, TrainConfig
from vae_core.data import DATASETS
from vae_core.families import CAPABILITIES, OF_SOME_FAMILIES, TRAIN_OPTIONS
from vae_core.training import process
from vae_core.training.run_folder import RunFolder

FAMILIES = get_args(Family)
OpenPage = Callable[[], AppTest]


@pytest.fixture
def open_page(open_app: Callable[[str], AppTest]) -> OpenPage:
    """Give a function that brings a new visitor to the page."""
    return lambda: open_app("train")


def fields(app: AppTest) -> set[str]:
    """The settings that the form shows, by the names of the configuration."""
    shown = (*app.selectbox, *app.number_input, *app.text_input)
    return {field.key.removeprefix("train ") for field in shown if field.key and field.key.startswith("train ")}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_from_start_to_its_curves(open_page: OpenPage, launched: list[RunFolder], family: Family) -> None:
    """It trains an epoch as the form asked, and the page then shows its figures and pictures."""
    app = open_page()
    app.selectbox(key="train family").set_value(family).run()
    app.text_input(key="train hidden").set_value("8").run()
    app.number_input(key="train epochs").set_value(1).run()
    app.button(key="train start").click().run()
    assert not app.exception
    assert [] == list(app.error)
    (run,) = launched
    process.run(run, on_status=lambda status: None, on_epoch=lambda line: None)
    card, can = read_card(run.path), CAPABILITIES[family]
    assert ModelConfig(family=family, hidden=(8,)) == card.model
    assert TrainConfig(epochs=1, threads=card.training.threads) == card.training
    app.run()
    titles = {metric.label.partition(" · ")[0] for metric in app.metric}
    expected = (
        {"ELBO", "Log-likelihood", "KL", "Best ELBO"} if can.posterior else {"Log-likelihood", "Best Log-likelihood"}
    )
    assert (expected if can.likelihood else set()) == titles
    assert can.encode != ("Made of the same draws" in sentences(app))
    assert can.encode == any("train map" in component.key for component in app.get("bidi_component"))


@pytest.mark.parametrize("family", FAMILIES)
def test_only_settings_that_are_heeded_are_shown(open_page: OpenPage, family: Family) -> None:
    """Of the settings that some families heed there are exactly this one's, and no likelihood without one."""
    app = open_page()
    app.selectbox(key="train family").set_value(family).run()
    shown = fields(app)
    assert set(TRAIN_OPTIONS[family]) == shown & OF_SOME_FAMILIES
    expected = {"likelihood", "binarize", "patience"} if CAPABILITIES[family].likelihood else set()
    assert expected == shown & {"likelihood", "binarize", "patience", "sigma_kind"}


def test_settings_of_a_likelihood(open_page: OpenPage) -> None:
    """Sigma belongs to the Gaussian, a number to one who wants it, black and white to the Bernoulli."""
    app, seen = open_page(), {}
    for likelihood in ("bernoulli", "continuous-bernoulli", "gaussian"):
        app.selectbox(key="train likelihood").set_value(likelihood).run()
        seen[likelihood] = fields(app) & {"binarize", "sigma_kind", "sigma"}
    app.selectbox(key="train sigma_kind").set_value("number").run()
    seen["number"] = fields(app) & {"binarize", "sigma_kind", "sigma"}
    expected = {"bernoulli": {"binarize"}, "continuous-bernoulli": set[str](), "gaussian": {"sigma_kind"}}
    assert expected | {"number": {"sigma_kind", "sigma"}} == seen


def test_a_warm_up_goes_when_there_are_cycles(open_page: OpenPage) -> None:
    """With cycles the warm-up would not be heeded, so it is not shown."""
    app = open_page()
    app.number_input(key="train kl_cycles").set_value(2).run()
    assert "kl_warmup" not in fields(app)


def test_what_was_set_for_another_family_stays_out(open_page: OpenPage, launched: list[RunFolder]) -> None:
    """A beta that was entered for the VAE is no part of an autoencoder's run, and is back with the VAE."""
    app = open_page()
    app.number_input(key="train beta").set_value(7.0).run()
    app.selectbox(key="train likelihood").set_value("gaussian").run()
    app.selectbox(key="train family").set_value("gan").run()
    assert "--beta" not in app.code[0].value
    app.button(key="train start").click().run()
    asked = launched[0].request().config
    assert (TrainConfig().beta, ModelConfig().likelihood) == (asked.training.beta, asked.model.likelihood)
    app.selectbox(key="train family").set_value("vae").run()
    assert 7.0 == app.number_input(key="train beta").value


def test_the_settings_of_a_family_reach_the_run(open_page: OpenPage, launched: list[RunFolder]) -> None:
    """Noise and its level stand in the denoising autoencoder's run.json, and in the command for the shell."""
    app = open_page()
    app.selectbox(key="train family").set_value("dae").run()
    app.selectbox(key="train noise").set_value("gaussian").run()
    app.number_input(key="train noise_level").set_value(0.2).run()
    app.selectbox(key="train binarize").set_value("dynamic").run()
    assert "--noise gaussian --noise-level 0.2" in app.code[0].value
    assert "--binarize dynamic" in app.code[0].value
    app.button(key="train start").click().run()
    asked = launched[0].request().config
    assert ("gaussian", 0.2, "dynamic") == (asked.training.noise, asked.training.noise_level, asked.data.binarize)


def test_a_conditional_vae_needs_classes(open_page: OpenPage) -> None:
    """Where the data has none it is not offered, the page says why, and a choice made before gives way."""
    app = open_page()
    assert "Conditional VAE" in app.selectbox(key="train family").options
    app.selectbox(key="train family").set_value("cvae").run()
    app.selectbox(key="train dataset").set_value("binarized-mnist").run()
    assert () == DATASETS["binarized-mnist"].class_names
    assert "Conditional VAE" not in app.selectbox(key="train family").options
    assert "vae" == app.selectbox(key="train family").value
    assert "No conditional VAE here" in sentences(app)
