"""Results as JUnit XML, which build servers show as tests."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from xml.etree import ElementTree

# What XML 1.0 has no way to write; a key of a row may hold it.
UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Outcome(StrEnum):
    PASSED = "passed"
    FAILURE = "failure"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Case:
    """One test. `what` is shown below `group`; `text` says why it didn't pass."""

    group: str
    what: str
    outcome: Outcome = Outcome.PASSED
    text: str = ""
    seconds: float = 0.0


COUNTED = {"failures": Outcome.FAILURE, "errors": Outcome.ERROR, "skipped": Outcome.SKIPPED}


def as_junit(suite: str, cases: Sequence[Case]) -> str:
    """One suite, as the XML that Jenkins wrote first and the others read."""
    counts = {name: str(_number(cases, outcome)) for name, outcome in COUNTED.items()}
    total = f"{sum(each.seconds for each in cases):.3f}"
    root = ElementTree.Element("testsuites")
    facts = {"name": suite, "tests": str(len(cases)), **counts, "time": total}
    below = ElementTree.SubElement(root, "testsuite", facts)
    for case in cases:
        _add(below, case)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode")


def _number(cases: Sequence[Case], outcome: Outcome) -> int:
    return sum(each.outcome == outcome for each in cases)


def _add(suite: ElementTree.Element, case: Case) -> None:
    names = {"classname": _written(case.group), "name": _written(case.what)}
    element = ElementTree.SubElement(suite, "testcase", {**names, "time": f"{case.seconds:.3f}"})
    if case.outcome != Outcome.PASSED:
        message = {"message": _written(case.text)}
        ElementTree.SubElement(element, case.outcome, message).text = _written(case.text)
    elif case.text:
        ElementTree.SubElement(element, "system-out").text = _written(case.text)


def _written(text: str) -> str:
    return UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)
