"""The engine's functions, each without one of its precautions."""

from uuid import uuid4

from integrity.models import Saga
from integrity.saga import backward, forward
from integrity.saga.held import Held

at, write = Held.at, Held.write


def without_the_fence(held, **values):
    there = Saga.objects.get(pk=held.saga.pk)
    for name in ("fence", "state", "position"):
        setattr(held.saga, name, getattr(there, name))
    write(held, **values)


def captured_at_each_attempt(held, declared, step):
    def keep():
        forward.replace_secret(held.saga.uid, f"prior:{step.name}", prior)

    if declared.capture is not None:
        prior = declared.capture(at(held, step))
        forward.move(held=held, change=keep)


def with_a_key_for_each_attempt(held, step):
    given = at(held, step)
    object.__setattr__(given, "key", str(uuid4()))
    return given


def ended_without_a_look(held):
    return forward.move(held=held, change=lambda: backward._taken_back(held))


def believed(held, residue):
    return forward.done(held)
