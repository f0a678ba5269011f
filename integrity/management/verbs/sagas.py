"""Verbs of `manage.py saga` about all of a kind, and about what has ended; and what all verbs share."""

import json
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any
from uuid import UUID

from integrity import cli
from integrity.audit import Actor, command_actor
from integrity.models import PausedKind, Saga
from integrity.saga.control import NoReason, NotFound
from integrity.saga.history import history
from integrity.saga.kinds import kinds, pause_kind, resume_kind
from integrity.saga.lawful import Refused
from integrity.saga.verifying import verify

KINDS = {
    "pause-kind": "Take up no saga of this kind until it is resumed; none is lost.",
    "resume-kind": "Go on with all of this kind.",
}


class SagaVerbs(cli.VerbCommand):
    def add_more(self) -> None:
        export = self.add_verb("export", "Its whole course as JSON, without anything personal.")
        export.add_argument("uid", type=saga_id, metavar="SAGA")
        self.add_verb("kinds", "List the kinds, and which of them are paused.")
        for name, text in KINDS.items():
            verb = self.add_verb(name, text)
            verb.add_argument("kind")
            verb.add_argument("--reason", required=True)

    def verb_verify(self, options: dict[str, Any]) -> int:
        with refusals():
            seen = verify(saga=options["uid"], by=by(options))
        self.show(options, [asdict(each) for each in seen])
        if any(each.left for each in seen):
            return cli.FOUND
        return cli.UNKNOWN if any(each.left is None for each in seen) else cli.HOLDS

    def verb_export(self, options: dict[str, Any]) -> int:
        self.stdout.write(json.dumps(history(known(options["uid"])), indent=2))
        return cli.HOLDS

    def verb_kinds(self, options: dict[str, Any]) -> int:
        self.show(options, [_kind(each) for each in kinds()])
        return cli.HOLDS

    def verb_pause_kind(self, options: dict[str, Any]) -> int:
        with refusals():
            pause_kind(kind=options["kind"], by=by(options))
        self.show_one(options, _kind(options["kind"]))
        return cli.HOLDS

    def verb_resume_kind(self, options: dict[str, Any]) -> int:
        with refusals():
            resume_kind(kind=options["kind"], by=by(options))
        self.show_one(options, _kind(options["kind"]))
        return cli.HOLDS


@contextmanager
def refusals() -> Iterator[None]:
    """What the engine refuses, as exit codes."""
    try:
        yield
    except (NotFound, NoReason) as error:
        raise cli.usage(str(error)) from error
    except Refused as error:
        raise cli.refused(str(error)) from error


def saga_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise ArgumentTypeError(
            f"{text!r} is not the whole id of a saga; `saga list --all` shows them"
        ) from error


def known(uid: UUID) -> Saga:
    with refusals():
        saga = Saga.objects.filter(uid=uid).first()
        if saga is None:
            raise NotFound(f"There is no saga {uid}.")
    return saga


def _kind(kind: str) -> dict[str, Any]:
    paused = PausedKind.objects.filter(kind=kind).first()
    return {
        "kind": kind,
        "under_way": Saga.objects.filter(kind=kind, finished_at=None).count(),
        "paused": f"{paused.at:%Y-%m-%d %H:%M:%S}Z" if paused else None,
        "by": f"{paused.actor_kind} {paused.actor_id}" if paused else None,
        "why": paused.reason if paused else None,
    }


def by(options: dict[str, Any]) -> Actor:
    return command_actor(options["reason"])
