"""What a doctor's item may say, and that one that fails hides no other."""

import pytest

from integrity.examinations import (
    chosen,
    examination,
    examinations,
    examine,
    failed,
    ok,
    skipped,
)
from integrity.registry import DuplicateName, UnknownName


@pytest.fixture
def declared(monkeypatch):
    monkeypatch.setattr(examinations, "_entries", {})

    def declare(name, look):
        examination(name, "It is so.")(look)

    return declare


def results():
    return {
        each.examination.name: (each.outcome.result, each.outcome.what, each.outcome.do)
        for each in examine(chosen([]))
    }


def test_each_says_what_is_true_and_what_to_do(declared):
    declared("toy.a", lambda: ok("three of three"))
    declared("toy.b", lambda: failed("none", do="Make one."))
    declared("toy.c", lambda: skipped("no toys here", do="Buy some."))
    assert results() == {
        "toy.a": ("ok", "three of three", ""),
        "toy.b": ("failed", "none", "Make one."),
        "toy.c": ("skipped", "no toys here", "Buy some."),
    }


def test_one_that_raises_is_unknown_and_the_others_go_on(declared):
    def raises():
        raise LookupError("no such row\nDETAIL: (ada@example.com)")

    declared("toy.a", raises)
    declared("toy.b", lambda: ok("fine"))
    found = results()
    assert found["toy.a"][:2] == ("unknown", "LookupError: no such row")
    assert found["toy.b"][0] == "ok"


def test_by_name_by_app_or_all(declared):
    for name in ("toy.a", "toy.b", "shop.a"):
        declared(name, lambda: ok(""))
    assert [each.name for each in chosen([])] == ["shop.a", "toy.a", "toy.b"]
    assert [each.name for each in chosen(["toy", "toy.a"])] == ["toy.a", "toy.b"]
    with pytest.raises(UnknownName, match=r"Did you mean 'toy.b'"):
        chosen(["toy.bb"])


def test_a_name_is_used_once(declared):
    declared("toy.a", lambda: ok(""))
    with pytest.raises(DuplicateName):
        declared("toy.a", lambda: ok(""))
