"""What a build server reads says the same as the exit code."""

from xml.etree import ElementTree

import pytest

from integrity.invariants import Severity, invariant
from integrity.models import Finding
from tests.integrity.toy.models import Book

pytestmark = pytest.mark.django_db(transaction=True)


def outcomes(ended):
    """Of each test its name, and what became of it."""
    suite = ElementTree.fromstring(ended.out).find("testsuite")
    return {each.get("name"): [(part.tag, part.text) for part in each] for each in suite}


@pytest.fixture
def three(lost_books):
    """One that holds, one that is a little broken, and one of which nobody can tell."""
    lost_books("toy.holds", warn_if="> 5")
    lost_books("toy.mild", severity=Severity.WARNING)

    @invariant("toy.fails")
    def fails():
        raise LookupError("no such shelf")

    return Book.objects.create(state="lost")


def test_a_check_fails_from_the_severity_that_was_asked_for(manage, three):
    ended = manage("integrity", "check", "--format", "junit")
    said = outcomes(ended)
    assert ended.code == 3
    assert said["fails"] == [("error", "no such shelf")]
    assert said["mild"] == [("system-out", f"warning: 1 violations.\n{three.pk}")]
    assert said["holds"] == [("system-out", "1 tolerated by warn_if > 5")]

    ended = manage("integrity", "check", "--format", "junit", "--fail-on", "warning")
    assert (ended.code, outcomes(ended)["mild"][0][0]) == (1, "failure")


def test_a_sweep_says_it_too(manage, three):
    ended = manage("integrity", "sweep", "--format", "junit")
    assert (ended.code, len(outcomes(ended))) == (3, 3)


def test_a_finding_that_nobody_has_to_look_at_is_skipped(manage, lost_books):
    lost_books()
    lost, known = (Book.objects.create(state="lost") for _ in range(2))
    manage("integrity", "check")
    silenced = Finding.objects.get(subject=f"toy.book:{known.pk}").uid
    manage("integrity", "snooze", silenced, "--reason", "the cellar")

    said = outcomes(manage("integrity", "findings", "--format", "junit"))

    assert said[f"toy.book:{lost.pk}"][0][0] == "failure"
    ((tag, text),) = said[f"toy.book:{known.pk}"]
    assert (tag, "snoozed" in text, "the cellar" in text) == ("skipped", True, True)


@pytest.mark.parametrize("verb", ["list", "runs", "history"])
def test_what_judges_nothing_is_no_test(manage, verb):
    assert manage("integrity", verb, "--format", "junit").code == 2


@pytest.mark.parametrize(
    ("words", "lines"), [(["findings"], 1), (["check"], 2), (["runs"], 1), (["list"], 1)]
)
def test_ndjson_is_one_object_a_line(manage, lost_books, words, lines):
    lost_books()
    Book.objects.create(state="lost")
    manage("integrity", "check")

    said = manage("integrity", *words, "--format", "ndjson").out.splitlines()

    assert [line[0] + line[-1] for line in said][:lines] == ["{}"] * lines


def test_a_list_tells_how_it_went_last(manage, lost_books):
    lost_books()
    Book.objects.create(state="lost")
    manage("integrity", "check")
    assert "broken" in manage("integrity", "list").out.splitlines()[1].split()
