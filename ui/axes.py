"""Which plane of a latent space a map shows."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from ui import address
from ui.salience import salience
from ui.text import subscript
from vae_core import LatentExplorer
from vae_core.latent.plane import Plane, axes_plane, pca_plane

PCA = "pca"


@dataclass(frozen=True, eq=False)
class MapPlane:
    """A plane that a map shows.

    Attributes
    ----------
    plane : Plane
    key : str
        Its name among the planes of one model, as in the address: "2,5" for axes counted from 1, or "pca".
    titles : tuple of str
        What stands at the map's axes.
    """

    plane: Plane
    key: str
    titles: tuple[str, str]


def widest_plane(explorer: LatentExplorer) -> MapPlane:
    """The plane of the two dimensions that say most of the image, as a map shows them at first."""
    axes = (0, 1) if explorer.latent_dim <= 2 else salience(explorer).order[:2]
    return _of_axes(explorer, axes[0], axes[1])


def choose_plane(explorer: LatentExplorer) -> MapPlane:
    """Select boxes where there is a choice, at first with the widest; the address says what was chosen."""
    if explorer.latent_dim <= 2:
        address.write("axes", None)
        return widest_plane(explorer)
    known = salience(explorer)
    kind, across, up = (f"{what} of {explorer.name}" for what in ("plane", "axis Across", "axis Up"))
    _take_from_address(explorer, kind, across, up)
    with st.container(horizontal=True, gap="small", width="content"):
        chosen = st.selectbox(
            "Plane",
            ["axes", PCA] if explorer.can.encode else ["axes"],  # components are the codes'
            key=kind,
            persist_state="session",
            format_func={"axes": "Two dimensions", PCA: "Principal components"}.__getitem__,
            help="Two latent dimensions, or the plane through the mean of all codes along their first two principal "
            "components: it holds most of their variance. Off the plane z stays where the sliders hold it.",
            width=190,
        )
        if chosen == PCA:
            address.write("axes", PCA)
            return _principal(explorer)
        axes: list[int] = []
        for title, key in (("Across", across), ("Up", up)):
            options = [i for i in known.order if i not in axes]
            if st.session_state.get(key) not in options:
                st.session_state[key] = options[0]
            axes.append(
                st.selectbox(
                    title,
                    options,
                    key=key,
                    persist_state="session",
                    format_func=known.title,
                    help=known.meaning or None,
                    width=140,
                )
            )
    plane = _of_axes(explorer, axes[0], axes[1])
    address.write("axes", plane.key)
    return plane


def _take_from_address(explorer: LatentExplorer, kind: str, across: str, up: str) -> None:
    text = address.asked("axes")
    if text is None:
        return
    st.session_state[kind] = PCA if text == PCA and explorer.can.encode else "axes"
    for key in (across, up):
        st.session_state.pop(key, None)
    axes = _axes(text, explorer.latent_dim)
    if axes is not None:
        st.session_state[across], st.session_state[up] = axes


def _axes(key: str, latent_dim: int) -> tuple[int, int] | None:
    """The axes, counted from 0, of a plane's key; None when it is that of no two axes."""
    parts = key.split(",")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) < 5 for part in parts):
        return None
    one, other = (int(part) - 1 for part in parts)
    return (one, other) if one != other and 0 <= min(one, other) and max(one, other) < latent_dim else None


def axes_of(plane: MapPlane) -> tuple[int, int] | None:
    """The two axes that a plane shows, counted from 0; None of any other plane."""
    latent_dim = plane.plane.a.size
    return (0, 1) if latent_dim == 1 else _axes(plane.key, latent_dim)


def plane_named(explorer: LatentExplorer, key: str) -> MapPlane | None:
    """The plane of that key, as it stands in an address; None when it is none of this model's."""
    if key == PCA and explorer.can.encode and explorer.latent_dim > 2:
        return _principal(explorer)
    if explorer.latent_dim == 1:
        return widest_plane(explorer)
    axes = _axes(key, explorer.latent_dim)
    return None if axes is None else _of_axes(explorer, *axes)


@st.cache_resource(max_entries=32, show_spinner=False)
def _pca_plane(card: str, _explorer: LatentExplorer) -> tuple[Plane, float]:
    return pca_plane(_explorer.latents.mu)


def _principal(explorer: LatentExplorer) -> MapPlane:
    plane, share = _pca_plane(explorer.card.key, explorer)
    held = f"the plane holds {share:.0%} of the means' variance"
    return MapPlane(plane, PCA, (f"1st principal component ({held})", "2nd principal component"))


def _of_axes(explorer: LatentExplorer, across: int, up: int) -> MapPlane:
    plane = axes_plane((across, up), explorer.latent_dim)
    return MapPlane(plane, f"{across + 1},{up + 1}", axis_titles((across, up), explorer.latent_dim))


def axis_titles(axes: tuple[int, int], latent_dim: int) -> tuple[str, str]:
    """What stands at the map's axes."""
    return f"z{subscript(axes[0] + 1)}", f"z{subscript(axes[1] + 1)}" if latent_dim > 1 else ""
