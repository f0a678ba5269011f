"""For the tests of any project that uses integrity."""

from integrity.evaluate import evaluate
from integrity.invariants import Severity


def assert_every_invariant_holds(*names: str) -> None:
    """Fail with the list of what is broken or unknown; what is for information may be broken.

    Needs a test that is not wrapped in a transaction: a check reads a snapshot of its own.
    """
    report = evaluate(names, live=False, current=True)
    problems = [
        f"{each.invariant.name} is {each.result}: {each.reason or each.keys[:10]}"
        for each in report.results
        if each.result == "unknown" or (each.result == "broken" and each.severity > Severity.INFO)
    ]
    assert not problems, "\n".join(problems)
