"""A data set that is not what it should be: values in a narrow range, nearly all of one class."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vae_core.doctor.evidence import Evidence
from vae_core.doctor.finding import Finding, Measured, NotExamined, Plot, Remedy, Series, Severity

WHOLE_RANGE = 0.55
"""Share of [0, 1] that values have to span. A mistake leaves a half at most (values of [-1, 1] that were halved, black
at 0.5) or almost nothing (divided by 255 twice); photographs, drawings and scans span nearly all of it."""

RARE = 0.001
"""Share of pixels at either end that do not count: dust, or a frame."""

ONE_CLASS_NOTE, ONE_CLASS = 0.75, 0.9
"""Share of the largest class. At 0.9 a model that draws that class alone is right nine times in ten."""


def span(images: npt.NDArray[np.uint8]) -> tuple[float, float]:
    """Lowest and highest value, in [0, 1], without the rarest thousandth at either end."""
    low, high = np.quantile(images, [RARE, 1 - RARE])
    return float(low) / 255, float(high) / 255


def is_narrow(images: npt.NDArray[np.uint8]) -> bool:
    """Whether values span a small part of their range, both over all images and within the typical one.

    Over all images alone, a few bright pixels on black would not be seen; within one alone, plain images of several
    shades would be taken for narrow.
    """
    low, high = span(images)
    flat = images.reshape(len(images), -1)
    within = float(np.median(flat.max(1).astype(np.float64) - flat.min(1))) / 255
    return high - low < WHOLE_RANGE and within < WHOLE_RANGE


def narrow_range(evidence: Evidence) -> Finding | None:
    """Values that span a small part of [0, 1]; which way round they are does not matter."""
    if evidence.images is None:
        raise NotExamined("its images are not on this machine")
    if not is_narrow(evidence.images):
        return None
    low, high = span(evidence.images)
    counts, edges = np.histogram(evidence.images / 255, 51, (0, 1))
    bars = tuple((counts / evidence.images.size).tolist())
    centres = tuple(((edges[1:] + edges[:-1]) / 2).tolist())
    return Finding(
        "narrow-range",
        "ailment",
        f"Nearly all values lie between {low:.3f} and {high:.3f} of a range from 0 to 1: they were probably scaled "
        "twice, or shifted, on their way here.",
        (Measured("span of the values", high - low, WHOLE_RANGE, "of the range"),),
        Plot("bars", "value of a pixel", "share of pixels", (Series("pixels", centres, bars),)),
        Remedy(
            f"Make the data anew with (x − {low:.3f}) / {max(high - low, 1 / 255):.3f}, x in [0, 1], or find where "
            "it was scaled; then train again."
        ),
    )


def one_class(evidence: Evidence) -> Finding | None:
    """Nearly all images are of one class."""
    counts = evidence.class_counts
    if counts is None or len(counts) < 2 or not counts.sum():
        raise NotExamined("the data has no classes, or they are not on this machine")
    shares = counts / counts.sum()
    most = int(shares.argmax())
    share = float(shares[most])
    if share < ONE_CLASS_NOTE:
        return None
    severity: Severity = "ailment" if share >= ONE_CLASS else "note"
    name = evidence.class_names[most] if most < len(evidence.class_names) else str(most)
    x = tuple(float(i) for i in range(len(shares)))
    return Finding(
        "one-class",
        severity,
        f"{share:.1%} of the images are of the class {name}: the model learns that class, and of the "
        f"{len(shares) - 1} others hardly anything.",
        (Measured("share of the largest class", share, ONE_CLASS if severity == "ailment" else ONE_CLASS_NOTE),),
        Plot("bars", "class", "share of images", (Series("images", x, tuple(shares.tolist())),)),
        Remedy(
            "Take as many images of the other classes, or as few of this one. If one class is what you want, leave the "
            "others out: they only blur it."
        ),
    )
