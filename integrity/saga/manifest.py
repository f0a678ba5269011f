"""`<app>/sagas.json`: the steps that each version of each saga has had, committed with the code.

The rows of sagas that are under way name their steps, so a name that was once released stays.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps

from integrity.saga.definition import Definition, sagas

FILE = "sagas.json"
Manifest = dict[str, list[str]]


class WouldStrand(Exception):
    """A step is renamed, moved or gone within a version; sagas under way would wait for it for ever.

    Raise the version, and keep the old declaration until `manage.py saga list` names none of it.
    """


def apps_with_sagas() -> list[str]:
    """Those that declare one now, or did."""
    declaring = {each.kind.partition(".")[0] for each in sagas}
    return sorted(
        config.label
        for config in apps.get_app_configs()
        if config.label in declaring or _path(config.label).exists()
    )


def committed(app: str) -> Manifest:
    path = _path(app)
    found: Manifest = json.loads(path.read_text()) if path.exists() else {}
    return found


def declared(app: str) -> Manifest:
    return {each.name: [step.name for step in each.steps] for each in sagas if _app(each) == app}


def lost(app: str) -> Iterator[tuple[str, str]]:
    """Each saga and step of the file that isn't where it was; a blank step is the whole saga."""
    now = declared(app)
    for name, steps in committed(app).items():
        if name not in now:
            yield name, ""
            continue
        kept = [step for step in now[name] if step in steps]
        yield from ((name, step) for step in steps if step not in kept)
        if len(kept) == len(steps) and kept != steps:
            yield name, next(old for old, new in zip(steps, kept, strict=True) if old != new)


def new(app: str) -> list[str]:
    """The sagas of which the file doesn't know all."""
    known = committed(app)
    return [name for name, steps in declared(app).items() if set(steps) - set(known.get(name, ()))]


def write(app: str) -> Path:
    """Take what is declared into the file. Raises WouldStrand."""
    if stranded := [f"{name} {step}".rstrip() for name, step in lost(app) if step]:
        raise WouldStrand(f"{', '.join(stranded)}. {WouldStrand.__doc__}")
    path = _path(app)
    path.write_text(json.dumps(declared(app), indent=2, sort_keys=True) + "\n")
    return path


def _path(app: str) -> Path:
    return Path(apps.get_app_config(app).path) / FILE


def _app(each: Definition) -> str:
    return each.kind.partition(".")[0]
