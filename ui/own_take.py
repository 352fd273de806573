"""An image of one's own, to be taken away: the picture, its codes, its fills, and the lines that find them again."""

from __future__ import annotations

import json

import numpy as np
import streamlit as st

from ui.canvas import Drawing
from ui.decoder_worker import Pixels
from ui.own_encoding import Seen
from ui.own_image import HALF, label_of
from ui.own_results import Found
from vae_core import LatentExplorer
from vae_core.images import montage, png_bytes, to_uint8
from vae_core.latent.fill import Fills
from vae_core.tables import csv_text, numbered


def offer(explorer: LatentExplorer, now: Seen, found: Found | None) -> None:
    """The image and its z, to be taken away, and the lines that find them again."""
    label = label_of(explorer)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _download(
            "Image", png_bytes(now.image.transpose(1, 2, 0)), "own.png", "image/png", "The image as the model sees it."
        )
        if found is not None:
            _download("z", codes_csv(found), "own-z.csv", "text/csv", "mu, and logvar where there is one, a row each.")
            figures = codes_json(explorer, found, label)
            _download("Figures", figures, "own-z.json", "application/json", "The same with its figures, as JSON.")
    with st.expander("In Python", icon=":material/code:"):
        st.code("\n".join(lines(explorer, label)), wrap_lines=True)


def lines(explorer: LatentExplorer, label: int | None) -> list[str]:
    """What finds the same z of the image that was taken away."""
    given = "" if label is None else f", label={label}"
    if explorer.can.posterior:
        what, call = "amortisation", f"amortisation_gap(explorer, images{given}, generator=np.random.default_rng(0))"
        after = ["print(found.mu, found.optimised.mu, found.gap)  # the encoder's, the best, nats between them"]
    elif explorer.can.encode:
        what, call = "optimise", f"optimise_point(explorer, images{given}, z=explorer.encode(images{given}).mu)"
        after = ["print(found.mu)"]
    else:
        what, call = "fill", f"fill_in(explorer, images[0], visible{given}, generator=np.random.default_rng(0))"
        after = ["print(found.mu[0])"]
    axes = "[None, None]" if explorer.image_shape[0] == 1 else ".transpose(2, 0, 1)[None]"
    name = call.partition("(")[0]
    needs = ["visible = np.ones(images.shape[2:], bool)"] if name == "fill_in" else []
    return [
        "import numpy as np",
        "from PIL import Image",
        "from vae_core import LatentExplorer",
        f"from vae_core.latent.{what} import {name}",
        f'explorer = LatentExplorer.load("{explorer.name}")',
        f'images = np.asarray(Image.open("own.png")){axes}  # uint8, (1, C, H, W)',
        *needs,
        f"found = {call}",
        *after,
    ]


def offer_fills(explorer: LatentExplorer, answers: Fills, image: Pixels, mask: Drawing | None) -> None:
    """The fills and their z, to be taken away."""
    hidden = np.zeros(image.shape[1:], np.bool_) if mask is None else mask.cover >= HALF
    sheet = np.concatenate([image[None], np.where(hidden, np.uint8(128), image)[None], to_uint8(answers.images)])
    strip = png_bytes(montage(sheet, columns=len(sheet), scale=4))
    table = csv_text(numbered("z", explorer.latent_dim), (map(str, z) for z in answers.z))
    with st.container(horizontal=True, gap="small"):
        _download("Fills", strip, "fills.png", "image/png", "The image, what was visible of it, and the fills.")
        _download("z", table, "fills-z.csv", "text/csv", "z of each fill, a row each.")


def codes_csv(found: Found) -> str:
    """A row for each code: how it was found, mu, and logvar where there is one."""
    latent_dim = len(found.best["mu"])
    columns = ["code", *numbered("mu", latent_dim)]
    columns += [] if found.best["logvar"] is None else numbered("logvar", latent_dim)
    rows = ([row["name"].lower().replace(" ", "_"), *row["mu"], *(row["logvar"] or ())] for row in found.rows)
    return csv_text(columns, rows)


def codes_json(explorer: LatentExplorer, found: Found, label: int | None) -> str:
    """The codes and their figures, with what model they are of."""
    document = {
        "model": explorer.name,
        "weights": explorer.card.files.weights,
        "class": label,
        "codes": found.rows,
        "amortisation_gap": found.gap,
        "unit": "nats",
    }
    return json.dumps(document, indent=1, allow_nan=False)


def _download(title: str, content: str | bytes, name: str, kind: str, what: str) -> None:
    st.download_button(
        title, content, name, kind, key=f"own {name}", help=what, icon=":material/download:", on_click="ignore",
        type="tertiary",
    )  # fmt: skip
