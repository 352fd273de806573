"""The Projections page without a browser."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from PIL import Image, ImageColor
from streamlit.testing.v1 import AppTest

from tests.app.conftest import OpenApp, sent
from tests.vae_core.runs import new_run, train_here
from ui.pairs import PairPoints
from ui.palette import CLASS_COLOURS
from ui.projections import making
from ui.projections.active import most_active, pairs_png
from ui.projections.choose import read_settings
from ui.projections.making import project_command, run_command
from ui.projections.take import command_line, projection_png, python_lines
from ui.stoppable import StoppedError
from vae_core import LatentExplorer
from vae_core.arguments import build_parser
from vae_core.data import load_dataset
from vae_core.errors import ShapeError, VaeCoreError
from vae_core.latent.plane import pca_plane
from vae_core.latent.projection_files import keep_projection, kept_projection, make_projection
from vae_core.latent.projections import Projection, Settings


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of digits with 4 dimensions; nobody may change it."""
    folder = new_run(tmp_path_factory.mktemp("four"), "four", {"latent_dim": 4}, epochs=2)
    train_here(folder, load_dataset("digits"))
    return folder.path


@pytest.fixture
def four(trained: Path, isolated: Path) -> LatentExplorer:
    """The same, where models are looked up."""
    return LatentExplorer.load(Path(shutil.copytree(trained, isolated / "four")), device="cpu")


def kept(explorer: LatentExplorer, settings: Settings) -> Projection:
    """Some projection of those settings, kept as if it had been made."""
    made = make_projection(explorer.latents, Settings.of("pca"))
    other = Projection(settings, np.ascontiguousarray(made.xy[::-1]), made.rows, made.trust, 1.0)
    keep_projection(explorer.path, explorer.card, other)
    return other


def labels_of(app: AppTest) -> list[str]:
    """What stands on the page's buttons."""
    return [button.label for button in app.button]


def test_components_are_a_plane_with_its_inverse(open_app: OpenApp, four: LatentExplorer) -> None:
    """The map gets the principal plane, the page says how far to trust it, and no work is offered."""
    app = open_app("projections", model="four")
    assert not app.exception
    data = sent(app, "latent_map")
    plane, share = pca_plane(four.latents.mu)
    assert plane.a.tolist() == data["plane"]["a"]
    assert data["codes"] is None
    assert f"{share:.0%}" in data["axes"][0]
    trust = make_projection(four.latents, Settings.of("pca")).trust
    assert f"{trust.value:.3f} ± {trust.standard_error:.3f}" == app.metric[0].value
    assert not [label for label in labels_of(app) if label.startswith("Project ")]
    assert "projection" not in app.query_params


def test_a_kept_map_is_shown_with_its_codes_and_no_plane(open_app: OpenApp, four: LatentExplorer) -> None:
    """The address asks for it; there is no inverse, and the page says so."""
    projection = kept(four, Settings.of("tsne", 20, 3))
    app = open_app("projections", model="four", projection="tsne,20,3")
    assert not app.exception
    data = sent(app, "latent_map")
    assert data["plane"] is None
    assert 4 == data["codes"]["latentDim"]
    assert len(projection.xy) == data["points"]["n"]
    assert any("There is no way back" in caption.value for caption in app.caption)
    assert any("mean nothing" in caption.value for caption in app.caption)
    said = app.query_params["projection"]
    assert "tsne,20,3" == (said[0] if isinstance(said, list) else said)
    app.number_input[0].set_value(21).run()
    assert [f"Project {len(projection.xy)} codes"] == [label for label in labels_of(app) if "codes" in label]


def test_another_map_is_made_by_a_process(
    open_app: OpenApp, four: LatentExplorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The button starts the command with the settings; what it keeps is shown."""
    started = list[list[str]]()

    def run(command: list[str], told: Callable[[float], None]) -> None:
        started.append(command)
        kept(four, Settings.of("umap", 9, 2))

    monkeypatch.setattr(making, "run_command", run)
    app = open_app("projections", model="four", projection="umap,9,2")
    (button,) = (button for button in app.button if button.label.startswith("Project "))
    button.click().run()
    for _ in range(50):
        if app.metric:
            break
        time.sleep(0.1)
        app.run()
    assert not app.exception
    (command,) = started
    arguments = build_parser().parse_args(command[3:])
    assert ("project", str(four.path), "umap", 9, 2) == (
        arguments.command,
        arguments.name,
        arguments.method,
        arguments.neighbours,
        arguments.seed,
    )
    assert sent(app, "latent_map")["codes"] is not None


def test_stopping_kills_the_process_at_once(four: LatentExplorer, tmp_path: Path) -> None:
    """Whatever it is doing: a process that tells nothing for a minute is gone within a second, and the turn is free."""
    asked = False

    def told(share: float) -> None:
        if asked:
            raise StoppedError

    ended = list[BaseException]()
    mark = tmp_path / "done"

    def work() -> None:
        try:
            run_command([sys.executable, "-c", f"import time; time.sleep(60); open({str(mark)!r}, 'w')"], told)
        except StoppedError as error:
            ended.append(error)

    thread = Thread(target=work)
    thread.start()
    time.sleep(0.5)
    asked = True
    began = time.monotonic()
    thread.join(5)
    assert not thread.is_alive()
    assert time.monotonic() - began < 2
    assert 1 == len(ended)
    assert not mark.exists()
    run_command([sys.executable, "-c", "pass"], lambda share: None)


def test_the_words_of_a_process_that_failed_are_passed_on(four: LatentExplorer) -> None:
    """So that the page can say what is wrong; progress lines are no words."""
    words = "import sys; sys.exit('40% projecting\\nerror: No room is left.\\n50% projecting')"
    with pytest.raises(VaeCoreError, match=r"^No room is left\.$"):
        run_command([sys.executable, "-c", words], lambda share: None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pca", Settings.of("pca")),
        ("tsne,30,0", Settings.of("tsne")),
        ("umap,2,9999", Settings.of("umap", 2, 9999)),
        ("tsne", None),
        ("pca,3,0", None),
        ("tsne,1,0", None),
        ("tsne,201,0", None),
        ("tsne,-3,0", None),
        ("tsne,3,٣", None),
        ("isomap,3,0", None),
        ("tsne,3,0,0", None),
        ("", None),
    ],
)
def test_settings_of_an_address_are_checked(text: str, expected: Settings | None) -> None:
    """They come from a browser: what the page has not is none."""
    assert expected == read_settings(text)


def test_two_dimensions_are_not_projected(open_app: OpenApp) -> None:
    """The page says so in a sentence and shows the one pair."""
    app = open_app("projections", model="digits-2d")
    assert not app.exception
    assert ["nothing to project" in info.value for info in app.info] == [True]
    assert 2 == len(sent(app, "pairs")["names"])
    assert not app.get("segmented_control")


def test_a_model_without_encoder_is_refused(open_app: OpenApp, families: Path) -> None:
    """In one sentence, without maps."""
    app = open_app("projections", model="gan")
    assert not app.exception
    (info,) = app.info
    assert "no encoder" in info.value
    assert not app.get("bidi_component") or all(
        element.proto.component_name != "pairs" for element in app.get("bidi_component")
    )


@pytest.mark.parametrize("family", ["ae", "cvae"])
def test_families_of_two_dimensions_have_their_pair(open_app: OpenApp, families: Path, family: str) -> None:
    """Without a posterior, and told the class."""
    app = open_app("projections", model=family)
    assert not app.exception
    assert 2 == len(sent(app, "pairs")["names"])


def test_pairs_are_of_the_dimensions_with_most_kl(open_app: OpenApp, four: LatentExplorer) -> None:
    """The first first, with their KL beside their names."""
    app = open_app("projections", model="four")
    kl = np.array(four.card.test.kl_per_dimension)
    dims = most_active(four)
    assert kl[dims].tolist() == sorted(kl[dims], reverse=True)
    assert [f"z{'₀₁₂₃₄'[i + 1]}" for i in dims] == [name.split("\n")[0] for name in sent(app, "pairs")["names"]]


def test_pairs_refuse_classes_that_do_not_fit() -> None:
    """A class for each point, below 256."""
    for labels in ([0, 1], [0, 1, 256], [0, -1, 2]):
        with pytest.raises(ShapeError, match="a class below 256"):
            PairPoints.register(np.zeros((3, 2)), np.array(labels))


def test_what_is_taken_away_opens_again(four: LatentExplorer) -> None:
    """The pictures have the colours of all classes; the command and the Python lines make what is shown."""
    projection = kept(four, Settings.of("umap", 9, 2))
    for content in (projection_png(four, projection), pairs_png(four)):
        with Image.open(BytesIO(content)) as picture:
            shown = {colour for _, colour in picture.getcolors(1 << 20) or ()}
        assert shown >= {ImageColor.getrgb(colour) for colour in CLASS_COLOURS["light"]}
    words = command_line(four, projection, "map.csv").split()
    arguments = build_parser().parse_args(words[3:])
    assert (9, 2, "map.csv") == (arguments.neighbours, arguments.seed, arguments.out)
    components = make_projection(four.latents, Settings.of("pca"))
    found: dict[str, Projection] = {}
    exec(python_lines(four, components), found)
    assert np.array_equal(components.xy, found["projection"].xy)
    assert kept_projection(four.path, four.card, components.settings) is None
    assert project_command(four, components.settings)[1:4] == ["-m", "vae_core", "project"]
