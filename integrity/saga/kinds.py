"""Stop all sagas of a kind at once, and let them go on.

What is under way ends the call it is at; nothing more is begun, and nothing is lost: what is asked
for meanwhile waits as well.
"""

from integrity.audit import Actor, audit
from integrity.flows import flow
from integrity.models import PausedKind, Saga
from integrity.saga.control import NotFound, must_say_why
from integrity.saga.definition import sagas
from integrity.saga.lawful import Refused
from integrity.saga.start import ring_after_commit


def kinds() -> list[str]:
    """Those that this code declares, and those that are paused."""
    paused = PausedKind.objects.values_list("kind", flat=True)
    return sorted({*(each.kind for each in sagas), *paused})


@flow("integrity.pause_kind")
def pause_kind(*, kind: str, by: Actor) -> PausedKind:
    """No worker takes up one of this kind until it is resumed.

    Raises:
        NotFound: nobody declares it.
        NoReason
        Refused: it is paused already.
    """
    _must_be_sound(kind, by)
    who = {"actor_kind": by.kind, "actor_id": by.id, "reason": by.reason}
    paused, is_new = PausedKind.objects.get_or_create(kind=kind, defaults=who)
    if not is_new:
        raise Refused(f"{kind} is paused already: {paused.reason}")
    audit("integrity.kind_paused", by=by, subject=paused)
    return paused


@flow("integrity.resume_kind")
def resume_kind(*, kind: str, by: Actor) -> None:
    """Go on with all of this kind.

    Raises:
        NotFound: nobody declares it.
        NoReason
        Refused: it isn't paused.
    """
    _must_be_sound(kind, by)
    paused = PausedKind.objects.select_for_update().filter(kind=kind).first()
    if paused is None:
        raise Refused(f"{kind} is not paused.")
    audit("integrity.kind_resumed", by=by, subject=paused)
    paused.delete()
    ring_after_commit()


def _must_be_sound(kind: str, by: Actor) -> None:
    if kind not in kinds():
        raise NotFound(_unknown(kind))
    must_say_why(by)


def named(kind: str) -> str:
    """What was typed, if it is a kind.

    Raises:
        NotFound: nobody declares it, and no saga of it is kept.
    """
    if kind not in kinds() and not Saga.objects.filter(kind=kind).exists():
        raise NotFound(_unknown(kind))
    return kind


def _unknown(kind: str) -> str:
    return f"There is no saga of kind {kind}; there are {', '.join(kinds())}."
