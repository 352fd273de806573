"""The directions of a session and model: in the session, and as far as they can be in the address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote

import streamlit as st

from ui import address
from ui.directions.sources import Source, from_wish
from vae_core import LatentExplorer
from vae_core.errors import DataError, VaeCoreError
from vae_core.latent.directions import Direction, Method, find_direction
from vae_core.latent.directions.files import MOST_DIRECTIONS

METHODS: tuple[Method, ...] = ("centroids", "regression")


@dataclass(frozen=True, eq=False)
class Kept:
    """A direction with what it was made from, and what was removed from it; `source` None: it came in a file."""

    direction: Direction
    source: Source | None = None
    remove: tuple[Kept, ...] = ()


def kept(explorer: LatentExplorer) -> list[Kept]:
    """The directions of this session, at first those that the address asks for."""
    known: list[Kept] = st.session_state.setdefault(_key(explorer), [])
    wish = address.asked("directions")
    if wish is None:
        return known
    found = [one for one in known if _token(one) is None]  # what came in a file no address knows of
    wrong = 0
    for token in wish.split("~")[:MOST_DIRECTIONS] if wish else ():
        try:
            one = _from_token(explorer, token, found)
        except VaeCoreError:
            one = None
        wrong += one is None
        found += [] if one is None else [one]
    if wrong:
        st.warning(
            f"{wrong} of the directions that the address asks for cannot be found in this model.",
            icon=":material/link_off:",
        )
    st.session_state[_key(explorer)] = found
    return found


def write_address(explorer: LatentExplorer) -> None:
    """Have the address say which directions there are; those from files cannot stand in it, nor what builds on them."""
    tokens = {one.direction.name: token for one in kept(explorer) if (token := _token(one)) is not None}
    said: list[str] = []
    for one in kept(explorer):
        name = one.direction.name
        if name in tokens and all(other in tokens for other in one.direction.without):
            said.append(tokens[name])
        else:
            tokens.pop(name, None)
    address.write("directions", "~".join(said) or None)


def make(explorer: LatentExplorer, source: Source, method: Method, name: str = "", remove: Sequence[Kept] = ()) -> Kept:
    """Find a direction, and keep it under a name that no other has.

    Raises
    ------
    VaeCoreError
        When it cannot be found, or there are too many already.
    """
    one = _found(explorer, source, method, _free_name(name or source.name, _names(kept(explorer))), remove)
    _add(explorer, [one])
    return one


def add_from_file(explorer: LatentExplorer, directions: Iterable[Direction]) -> None:
    """Keep directions that somebody has brought, under names that no others have.

    Raises
    ------
    DataError
        When they are too many.
    """
    names, added = _names(kept(explorer)), list[Kept]()
    for direction in directions:
        name = _free_name(direction.name, names)
        names.add(name)
        added.append(Kept(replace(direction, name=name)))
    _add(explorer, added)


def forget(explorer: LatentExplorer, name: str) -> None:
    """Keep a direction no longer; others that were made without it stay as they are."""
    st.session_state[_key(explorer)] = [one for one in kept(explorer) if one.direction.name != name]


def _add(explorer: LatentExplorer, added: list[Kept]) -> None:
    before = kept(explorer)
    if len(before) + len(added) > MOST_DIRECTIONS:
        raise DataError(f"There can be {MOST_DIRECTIONS} directions at a time: delete some first.")
    st.session_state[_key(explorer)] = [*before, *added]


def _found(explorer: LatentExplorer, source: Source, method: Method, name: str, remove: Sequence[Kept]) -> Kept:
    mu = explorer.latents.mu
    direction = find_direction(mu, source.question, name=name, method=method, remove=[one.direction for one in remove])
    return Kept(direction, source, tuple(remove))


def _token(one: Kept) -> str | None:
    """What stands for a direction in the address: source/method/name/names of what was removed."""
    if one.source is None or one.source.wish is None:
        return None
    names = [one.direction.name, *(other.direction.name for other in one.remove)]
    parts = [quote(one.source.wish, safe=":,;"), one.direction.method[0], *(quote(name, safe=" ") for name in names)]
    return "/".join(parts)


def _from_token(explorer: LatentExplorer, token: str, known: Sequence[Kept]) -> Kept | None:
    wish, method, *names = [unquote(part) for part in token.split("/")] if token.count("/") >= 2 else ("", "")
    methods = {one[0]: one for one in METHODS}
    if method not in methods or not all(name.isprintable() and 0 < len(name) <= 60 for name in names):
        return None
    by_name = {one.direction.name: one for one in known}
    source = from_wish(explorer, wish)
    if source is None or names[0] in by_name or not all(name in by_name for name in names[1:]):
        return None
    return _found(explorer, source, methods[method], names[0], [by_name[name] for name in names[1:]])


def _names(some: Iterable[Kept]) -> set[str]:
    return {one.direction.name for one in some}


def _free_name(wanted: str, taken: set[str]) -> str:
    plain = "".join(letter for letter in wanted if letter.isprintable()).strip()[:56] or "direction"
    return next(name for i in range(1, 1000) if (name := plain if i == 1 else f"{plain} {i}") not in taken)


def _key(explorer: LatentExplorer) -> str:
    return f"directions of {explorer.card.files.weights}"
