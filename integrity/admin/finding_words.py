"""A finding in words, and what was expected beside what is there."""

from typing import Any

from integrity.invariants.declare import invariants
from integrity.models import Finding

SIDES = ("expected", "actual")


def sentence(finding: Finding) -> str:
    """What is wrong, as one says it."""
    declared = invariants.get(finding.invariant) if finding.invariant in invariants else None
    promise = declared.statement.rstrip(".") if declared else finding.invariant
    verb = "did not hold" if finding.state == Finding.State.RESOLVED else "does not hold"
    if finding.state == Finding.State.SUSPECTED:
        verb = "may not hold"
    return f"“{promise}” {verb} for {subject_in_words(finding.subject)}."


def subject_in_words(subject: str) -> str:
    label, _, key = subject.partition(":")
    return f"{label.rpartition('.')[2]} {key}" if key and "." in label else subject


def differences(evidence: dict[str, Any]) -> list[dict[str, Any]]:
    """Field by field where both sides have fields, else one line; the rest follows as it is."""
    expected, actual = (evidence.get(side) for side in SIDES)
    if not any(side in evidence for side in SIDES):
        return []
    if isinstance(expected, dict) and isinstance(actual, dict):
        names = sorted({*expected, *actual})
        return [_line(name, expected.get(name), actual.get(name)) for name in names]
    line = _line("value", expected, actual)
    return [line | {"said": tuple(side in evidence for side in SIDES)}]


def _line(name: str, expected: Any, actual: Any) -> dict[str, Any]:
    return {
        "name": name,
        "expected": expected,
        "actual": actual,
        "differs": expected != actual,
        "said": (True, True),
    }


def rest(evidence: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in evidence.items() if name not in SIDES}
