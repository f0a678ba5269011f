"""What a saga's declaration can get wrong, said before anything runs."""

import re
from collections import Counter
from collections.abc import Iterator

from django.apps import apps
from django.core.checks import CheckMessage, Error, Warning

from integrity.saga import manifest
from integrity.saga.definition import Definition, Pivot, Remote, Step, declared_twice, sagas

_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_STEP = re.compile(r"[a-z][a-z0-9_]*")


def of_the_sagas() -> Iterator[CheckMessage]:
    for each in declared_twice:
        yield _problem(301, each, "is declared twice.", hint="Rename one, or raise its version.")
    # What is no row of steps can't be looked at any further.
    if shapeless := [each for each in sagas if not _has_steps(each)]:
        yield from map(_of_the_shape, shapeless)
        return
    for each in sagas:
        yield from _of_the_name(each)
        yield from _of_the_steps(each)
    for app in manifest.apps_with_sagas():
        yield from _of_the_manifest(app)


def _problem(number: int, declared: Definition, text: str, *, hint: str) -> Error:
    return Error(f"{declared.name}: {text}", hint=hint, id=f"integrity.E{number}")


def _has_steps(declared: Definition) -> bool:
    steps: object = declared.steps
    return (
        isinstance(steps, tuple)
        and len(steps) > 0
        and all(isinstance(each, Step) for each in steps)
    )


def _of_the_shape(declared: Definition) -> Error:
    return _problem(
        309,
        declared,
        "`steps` is no tuple of at least one step.",
        hint="Each is a Local, Remote, Timer, Pivot or Verify; one alone needs a comma behind it.",
    )


def _of_the_name(declared: Definition) -> Iterator[CheckMessage]:
    app = declared.kind.partition(".")[0]
    if not (_NAME.fullmatch(declared.kind) and app in apps.app_configs):
        yield _problem(
            302,
            declared,
            "the kind isn't of the form `app_label.verb_phrase`.",
            hint="Lower case, one dot, beginning with the label of the app that declares it.",
        )


def _of_the_steps(declared: Definition) -> Iterator[CheckMessage]:
    for name, times in Counter(step.name for step in declared.steps).items():
        if times > 1:
            yield _problem(
                303,
                declared,
                f"{times} steps are called {name!r}.",
                hint="Keys, rows and the timeline name steps: give each a name of its own.",
            )
    for wrong in [each.name for each in declared.steps if not _STEP.fullmatch(each.name)]:
        yield _problem(
            310,
            declared,
            f"{wrong!r} can't name a step.",
            hint="Lower case, digits and underscores: keys and files are called by it. `title` is"
            " for people.",
        )
    pivots = [place for place, step in enumerate(declared.steps) if isinstance(step, Pivot)]
    if len(pivots) > 1:
        yield _problem(
            306,
            declared,
            "there is more than one point of no return.",
            hint="Make the later ones Local.",
        )
    end = pivots[0] if pivots else len(declared.steps)
    for place, step in enumerate(declared.steps):
        if isinstance(step, Remote):
            yield from _of_the_remote(declared, step, reversible=place < end)


def _of_the_remote(
    declared: Definition, step: Remote, *, reversible: bool
) -> Iterator[CheckMessage]:
    if step.probe is None and not step.repeatable:
        yield _problem(
            304,
            declared,
            f"after a lost answer nobody can tell whether {step.name} was done.",
            hint="Give it a probe; or say repeatable=True, where a second call changes nothing"
            " more even without a key.",
        )
    if reversible != (step.undo is not None):
        text = "can't be taken back" if reversible else "is never taken back after the pivot"
        yield _problem(
            305,
            declared,
            f"{step.name} {text}.",
            hint="A remote step before the pivot has an undo, one after it has none.",
        )


def _of_the_manifest(app: str) -> Iterator[CheckMessage]:
    for name, step in manifest.lost(app):
        what = f"the step {step!r} was renamed, moved or taken out" if step else "it is gone"
        yield Error(
            f"{name}: {what}, and rows of sagas that are under way may name it.",
            hint="Put it back and raise the version instead. Once `manage.py saga list` shows none"
            f" of this version, take it out of {app}/{manifest.FILE} by hand.",
            id="integrity.E307",
        )
    for name in manifest.new(app):
        yield Warning(
            f"{name}: {app}/{manifest.FILE} doesn't know all of its steps.",
            hint="Run `manage.py saga manifest`, and commit the file.",
            id="integrity.W308",
        )
