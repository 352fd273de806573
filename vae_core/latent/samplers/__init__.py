"""Samplers: where the z come from that a decoder makes new images of.

Images reconstruct well where the decoder was trained: at z ~ q(z|x) of the training images. The mean of these
posteriors over the data, the aggregate posterior q(z), is what a sampler has to meet; the prior p(z) may miss it, and
then its samples are bad whatever the reconstructions are. Here are the prior, q(z) itself, and three estimates of it,
all fitted to the same codes, so that what a model owes to its decoder and what to its prior can be told apart
("ex-post density estimation", Ghosh, Sajjadi, Vergari, Black & Schölkopf 2020).

No torch in this module: the command line asks it for the names.
"""

FITTED_SAMPLERS = ("posterior", "gmm", "kde", "flow")
"""Those that are fitted to the codes of the training split."""

SAMPLERS = ("prior", *FITTED_SAMPLERS)


def sampler_path(name: str) -> str:
    """The path of a fitted sampler in a checkpoint's folder."""
    return f"samplers/{name}.npz"
