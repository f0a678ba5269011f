"""What the steps of our sagas share: whom they are about, whose clients they call, what is under way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db.models import Q
from django.db.models.functions import Now

from accounts.billing.plan import CARRY_OUT
from accounts.clients.outcomes import NotSent, Rejected, Unknown, VendorError, Wait
from accounts.elsewhere.contact import ORDER
from accounts.mail import EFFECT as MAIL
from accounts.models import PlanChange, User
from integrity.models import OutboxMessage
from integrity.saga.context import At
from integrity.saga.outcomes import (
    NotDone,
    OutcomeUnknown,
    PauseAsked,
    RefusedForGood,
    RefusedToAll,
    StepError,
)

SOON = 5.0
P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


def calls_a_vendor(function: Callable[P, R]) -> Callable[P, R]:
    """What became of the call, in the saga's words."""

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with _in_the_sagas_words():
            return function(*args, **kwargs)

    return wrapper


@contextmanager
def _in_the_sagas_words() -> Iterator[None]:
    try:
        yield
    except VendorError as error:
        raise _translated(error) from None


def _translated(error: VendorError) -> StepError:
    match error:
        case Wait():
            return PauseAsked(str(error), after=error.after)
        case NotSent():
            return NotDone(str(error))
        case Rejected() if error.is_for_everybody:
            return RefusedToAll(str(error))
        case Unknown():
            return OutcomeUnknown(str(error), answered=error.status is not None)
    return RefusedForGood(str(error))


def configured(client: T | None) -> T:
    """The client of a step that the saga has because it was configured when it began."""
    if client is None:
        raise RefusedToAll("its key is not configured any more")
    return client


def user_of(at: At) -> User:
    """Whom it is about, as long as the row is there."""
    user = User.objects.filter(uid=at.subject).first()
    if user is None:
        raise RefusedForGood("there is no such account any more")
    return user


def wait_for_begun_calls(at: At) -> None:
    """What the outbox had begun for this account has to end first: it may write to a vendor still.

    Nothing new begins, for whoever delivers looks first whether the account is to be deleted.
    """
    changes = PlanChange.objects.filter(user__uid=at.subject).values_list("uid", flat=True)
    theirs = (
        Q(ordering_key=f"{ORDER}{at.subject}")
        | Q(payload__user=at.subject)
        | Q(effect=CARRY_OUT, key__in=[str(uid) for uid in changes])
    )
    begun = OutboxMessage.objects.filter(
        theirs, state=OutboxMessage.State.LEASED, available_at__gt=Now()
    )
    if begun.exclude(effect=MAIL).exists():
        raise PauseAsked("a call about this account is under way", after=SOON)
