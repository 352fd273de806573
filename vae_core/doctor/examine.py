"""All checks in turn: what was found, what is well, and what could not be looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vae_core.doctor.balance import sum_and_mean
from vae_core.doctor.collapse import dead_dimensions, posterior_collapse
from vae_core.doctor.course import learning_rate, over_fitting
from vae_core.doctor.data import narrow_range, one_class
from vae_core.doctor.evidence import Evidence
from vae_core.doctor.finding import Ailment, Finding, NotExamined
from vae_core.doctor.likelihood import bernoulli_on_grey, sigma_collapse
from vae_core.doctor.prior import prior_apart

CHECKS: dict[Ailment, Callable[[Evidence], Finding | None]] = {
    "narrow-range": narrow_range,
    "one-class": one_class,
    "bernoulli-on-grey": bernoulli_on_grey,
    "learning-rate": learning_rate,
    "sum-and-mean": sum_and_mean,
    "sigma-collapse": sigma_collapse,
    "posterior-collapse": posterior_collapse,
    "dead-dimensions": dead_dimensions,
    "prior-apart": prior_apart,
    "over-fitting": over_fitting,
}
"""In the order in which to mend: data first, then what makes others follow from it."""


@dataclass(frozen=True)
class Diagnosis:
    """What the doctor says of a run.

    Attributes
    ----------
    findings : tuple of Finding
        Ailments first, each in the order of `CHECKS`.
    well : tuple of str
        The ailments that were looked for and not found.
    not_examined : dict
        For each that could not be looked for, why, in a clause.
    has_data, image_shape : bool, tuple
        As of the evidence: what a changed run needs.
    """

    name: str
    findings: tuple[Finding, ...]
    well: tuple[Ailment, ...]
    not_examined: dict[Ailment, str]
    has_data: bool
    image_shape: tuple[int, int, int] | None

    @property
    def is_healthy(self) -> bool:
        """Whether nothing was found but notes."""
        return all(finding.severity == "note" for finding in self.findings)


def diagnose(evidence: Evidence) -> Diagnosis:
    """Run all checks."""
    findings, well, not_examined = list[Finding](), list[Ailment](), dict[Ailment, str]()
    for ailment, check in CHECKS.items():
        try:
            found = check(evidence)
        except NotExamined as reason:
            not_examined[ailment] = str(reason)
            continue
        if found is None:
            well.append(ailment)
        else:
            findings.append(found)
    findings.sort(key=lambda finding: finding.severity == "note")
    return Diagnosis(evidence.name, tuple(findings), tuple(well), not_examined, evidence.has_data, evidence.image_shape)
