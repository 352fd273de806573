"""Which two dimensions a run's snapshots show. No torch in here."""

from __future__ import annotations

from collections.abc import Sequence

STEADY = 0.5
"""A dimension gives way when one that is not shown has more than 1 / 0.5 of its KL."""


def shown_axes(kl_of_epochs: Sequence[Sequence[float]], latent_dim: int) -> tuple[int, int]:
    """The two dimensions that a snapshot shows: those that said most of the image, and that not anew in each epoch.

    The widest two of the first epoch stay until another dimension says twice as much as one of them: of dimensions that
    say nearly the same another two would lead in each epoch, and a map of them could not be followed.

    Parameters
    ----------
    kl_of_epochs : sequence of sequences of float
        KL per dimension of all epochs so far, as the history has them; empty where the family has no KL.
    latent_dim : int
        D.

    Returns
    -------
    tuple of int
        Counted from 0, the smaller first; (0, 1) where D is at most 2 or nothing is known.
    """
    shown = [0, 1]
    if latent_dim <= 2:
        return 0, 1
    known = [kl for kl in kl_of_epochs if len(kl) == latent_dim]
    for number, kl in enumerate(known):
        ranked = sorted(range(latent_dim), key=lambda i: -kl[i])
        if number == 0:
            shown = ranked[:2]
            continue
        for rival in ranked[:2]:
            weaker = min(shown, key=lambda i: kl[i])
            if rival not in shown and kl[weaker] < STEADY * kl[rival]:
                shown[shown.index(weaker)] = rival
    first, second = sorted(shown)
    return first, second
