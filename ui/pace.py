"""How long a model takes for how many images, and so how many it may be given at once."""

from __future__ import annotations

LARGEST_CHUNK = 1024
FORGETTING = 0.9
"""What is left of a call's weight when the next one is taken into account: about the last ten count."""

GROWTH = 2
"""A call has at most so many times the images of the largest of late, however much a line through them may promise."""


class Pace:
    """Seconds of a call as a line, fixed cost + cost an image, by least squares over the calls of late.

    Fitted is what an image has cost: seconds / n = fixed cost / n + cost an image. So large calls weigh no more than
    small ones, and those of long ago are forgotten whatever their size.

    A call that took more than four times as long as the line says counts as four times: one hiccup must not take a
    crowd's batches apart, while a device that has become slower is found out within a few calls.
    """

    def __init__(self) -> None:
        self._weight = self._x = self._y = self._xx = self._xy = 0.0  # sums over the calls: x = 1 / n, y = seconds / n
        self._largest = 0.0

    def note(self, n_images: int, seconds: float) -> None:
        """Take a measured call into account."""
        if self._weight:
            fixed, each, _ = self._line()
            seconds = min(seconds, 4 * (fixed + each * n_images))
        x, y = 1 / n_images, seconds / n_images
        self._weight = FORGETTING * self._weight + 1
        self._x = FORGETTING * self._x + x
        self._y = FORGETTING * self._y + y
        self._xx = FORGETTING * self._xx + x * x
        self._xy = FORGETTING * self._xy + x * y
        self._largest = max(FORGETTING * self._largest, n_images)

    def images_in(self, seconds: float) -> int:
        """How many images that time is good for; before the first measurement 16.

        At least so many that they cost what the call costs anyway: smaller calls would take ever longer for all that
        is asked, and hardly less each. As long as calls of one size alone were seen at least two, so that the line can
        be learnt.
        """
        if not self._weight:
            return 16
        fixed, each, is_known = self._line()
        most = min(LARGEST_CHUNK, int(GROWTH * self._largest))
        return max(1 if is_known else 2, min(most, int(max(seconds - fixed, fixed) / each)))

    def _line(self) -> tuple[float, float, bool]:
        """Fixed cost, cost an image, and whether the calls differed enough to tell them apart."""
        x, y = self._x / self._weight, self._y / self._weight
        spread = self._xx / self._weight - x * x
        if spread < 1e-4 * x * x:
            return 0.0, max(y, 1e-9), False
        fixed = min(max(0.0, (self._xy / self._weight - x * y) / spread), y / x)
        return fixed, max(y - fixed * x, 1e-9), True
