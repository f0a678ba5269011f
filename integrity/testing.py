"""For the tests of any project that uses integrity."""

from integrity.evaluate import evaluate


def assert_every_invariant_holds(*names: str) -> None:
    """Fail with the list of what is broken or unknown.

    Needs a test that is not wrapped in a transaction: a check reads a snapshot of its own.
    """
    report = evaluate(names, live=False)
    problems = [
        f"{each.invariant.name} is {each.result}: {each.reason or each.keys[:10]}"
        for each in report.results
        if each.result != "holds"
    ]
    assert not problems, "\n".join(problems)
