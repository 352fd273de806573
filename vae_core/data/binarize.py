"""Black and white images from grey ones: each pixel is 1 with its grey value as the probability."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vae_core.config import Binarize
from vae_core.data.image_set import ImageSet, Split, checksum_of

SEED = 20_080_705


def binarized(data: ImageSet, how: Binarize) -> ImageSet:
    """The set with its pixels drawn once, 0 or 255, from Bernoulli(grey value); always the same draw.

    The stochastic binarization of Salakhutdinov & Murray (2008), "On the quantitative analysis of deep belief
    networks", section 6.1.

    Parameters
    ----------
    data : ImageSet
    how : {"no", "fixed", "dynamic"}
        no: the set as it is. fixed: all splits are drawn. dynamic: validation and test are, and the training images
        stay grey, for whoever trains to draw them anew each epoch.
    """
    if how == "no":
        return data
    train = _drawn(data.train, 0) if how == "fixed" else data.train
    validation, test = _drawn(data.validation, 1), _drawn(data.test, 2)
    checksum = checksum_of((train, validation, test))
    return replace(data, train=train, validation=validation, test=test, checksum=checksum)


def _drawn(split: Split, stream: int) -> Split:
    # RandomState: a stream that NumPy keeps frozen (NEP 19), so that the draw stays the same for ever.
    random = np.random.RandomState([SEED, stream])
    images = np.empty_like(split.images)
    for i, image in enumerate(split.images):  # one at a time: a set's draws at once would take eight bytes a pixel
        images[i] = 255 * (random.random_sample(image.shape) * 255 < image)
    return replace(split, images=images)
