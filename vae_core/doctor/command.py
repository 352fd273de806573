"""The command `doctor`, and its document."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import asdict
from typing import Any

from vae_core.doctor.evidence import gather
from vae_core.doctor.examine import Diagnosis, diagnose
from vae_core.doctor.finding import TITLES, Finding, number
from vae_core.training.process import train_arguments


def doctor_command(arguments: argparse.Namespace) -> dict[str, Any]:
    """What is wrong with a run; for people in lines, with --json in whole."""
    evidence = gather(
        arguments.name,
        checkpoints_dir=arguments.checkpoints_dir,
        data_dir=arguments.data_dir,
        device=arguments.device,
    )
    found = diagnose(evidence)
    return document(found) if arguments.json else lines(found)


def document(found: Diagnosis) -> dict[str, Any]:
    """All of a diagnosis as plain values; a remedy's run as the command that starts it."""
    return {
        "name": found.name,
        "healthy": found.is_healthy,
        "findings": [_finding(finding) for finding in found.findings],
        "well": list(found.well),
        "not_examined": found.not_examined,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    plain = asdict(finding)
    plain["title"] = finding.title
    plain["remedy"] = {"advice": finding.remedy.advice, "command": command_of(finding)}
    return plain


def command_of(finding: Finding) -> str | None:
    """The command that starts the changed run; None where no run of other settings would do."""
    config = finding.remedy.config
    if config is None:
        return None
    return shlex.join(["python", "-m", "vae_core", "train", *train_arguments(config, complete=False)])


def lines(found: Diagnosis) -> dict[str, Any]:
    """A diagnosis as lines for people."""
    said: dict[str, Any] = {"name": found.name}
    for finding in found.findings:
        figures = ", ".join(
            f"{one.name} {number(one.value)}"
            + (f" (threshold {number(one.threshold)})" if one.threshold is not None else "")
            for one in finding.figures
        )
        command = command_of(finding)
        said[f"{finding.severity.upper()}: {finding.title}"] = (
            f"{finding.sentence} [{figures}] {finding.remedy.advice}" + (f" {command}" if command else "")
        )
    if found.is_healthy:
        said["verdict"] = "Nothing is wrong with this run" + (" beyond these notes." if found.findings else ".")
    if found.well:
        said["looked for and not found"] = ", ".join(TITLES[ailment] for ailment in found.well)
    if found.not_examined:
        said["not looked at"] = "; ".join(f"{TITLES[one]}: {why}" for one, why in found.not_examined.items())
    return said
