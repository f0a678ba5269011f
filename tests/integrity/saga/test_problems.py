import json

import pytest
from django.apps import apps

from integrity.saga import manifest
from integrity.saga.definition import Local, Pivot, Remote, declared_twice, saga
from integrity.saga.problems import of_the_sagas
from tests.integrity.saga import toys


def nothing(at):
    return None


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The toy's, without a file."""
    monkeypatch.setattr(apps.get_app_config("toy"), "path", str(tmp_path))
    toys.sagas._entries.clear()
    return tmp_path


def declare(*steps, kind="toy.do", version=1):
    return saga(kind=kind, version=version, title="Do", steps=steps)


def ids():
    return sorted(
        {each.id for each in of_the_sagas() if "toy" in each.msg or "nonsense" in each.msg}
    )


def written(*steps, **how):
    declare(*steps, **how)
    manifest.write("toy")


def test_a_sound_one_that_is_in_the_file_is_in_order():
    written(*toys.steps())

    assert ids() == []


def test_one_that_is_declared_twice_is_named(monkeypatch):
    written(Local("a", run=nothing))
    declare(Local("b", run=nothing))

    assert ids() == ["integrity.E301"]
    declared_twice.clear()


@pytest.mark.parametrize("kind", ["toy.Do", "toy_do", "nonsense.do"])
def test_a_name_that_tells_no_app_is_refused(kind):
    declare(Local("a", run=nothing), kind=kind)
    [problem] = [each for each in of_the_sagas() if each.id == "integrity.E302"]

    assert kind in problem.msg


@pytest.mark.parametrize("steps", [(), Local("a", run=nothing), ("a", "b")])
def test_what_is_no_row_of_steps_is_said_and_not_stumbled_over(steps):
    saga(kind="toy.do", version=1, title="Do", steps=steps)

    assert ids() == ["integrity.E309"]


@pytest.mark.parametrize("name", ["Take Down", "take-down", ""])
def test_a_step_whose_name_no_key_can_have_is_refused(name):
    written(Local(name, run=nothing))

    assert ids() == ["integrity.E310"]


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ((Local("a", run=nothing), Local("a", run=nothing)), "E303"),
        ((Remote("a", provider="p", run=nothing, undo=nothing),), "E304"),
        ((Remote("a", provider="p", run=nothing, repeatable=True),), "E305"),
        (
            (
                Pivot("p", run=nothing),
                Remote("a", provider="p", run=nothing, undo=nothing, repeatable=True),
            ),
            "E305",
        ),
        ((Pivot("a", run=nothing), Pivot("b", run=nothing)), "E306"),
    ],
)
def test_steps_that_could_not_keep_their_promise_are_refused(steps, problem):
    written(*steps)

    assert ids() == [f"integrity.{problem}"]


A, B, C = (Local(name, run=nothing) for name in "abc")


@pytest.mark.parametrize("now", [(A,), (A, C), (B, A)], ids=["gone", "renamed", "moved"])
def test_a_step_that_was_released_stays_where_it_was(now):
    written(A, B)
    toys.sagas._entries.clear()
    declare(*now)

    assert "integrity.E307" in ids()
    with pytest.raises(manifest.WouldStrand):
        manifest.write("toy")


def test_a_step_more_is_taken_into_the_file(folder):
    written(A, B)
    toys.sagas._entries.clear()
    declare(C, A, B)
    assert ids() == ["integrity.W308"]

    manifest.write("toy")
    assert (ids(), json.loads((folder / manifest.FILE).read_text())) == (
        [],
        {"toy.do/1": ["c", "a", "b"]},
    )


def test_a_version_that_is_gone_or_new_is_said(folder):
    written(A)
    toys.sagas._entries.clear()
    declare(A, B, version=2)

    assert ids() == ["integrity.E307", "integrity.W308"]
    (folder / manifest.FILE).write_text(json.dumps({"toy.do/2": ["a", "b"]}))
    assert ids() == []
