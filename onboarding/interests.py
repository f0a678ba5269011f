"""Replace a couple's interests: never an empty set, not even for a moment or after a crash."""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db import DatabaseError
from django.db.models import F

from accounts.locks import lock_user
from accounts.models import Kind, Profile, User
from integrity.audit import Actor, audit
from integrity.flows import claim_operation, flow
from integrity.log import log_event
from integrity.sqlstate import QUERY_CANCELED, RETRYABLE, connection_lost, sqlstate
from integrity.transactions import savepoint, transaction_required
from onboarding.catalogue import FEWEST_INTERESTS, INTEREST_SLUGS, MOST_INTERESTS, label_of
from onboarding.models import Interest

logger = logging.getLogger(__name__)


class InterestsRefused(Exception):
    """The choice can't be saved as it is. Nothing was written; the message says what to change."""

    field = "categories"
    code = "refused"


class NoInterests(InterestsRefused):
    code = "none"


class DuplicateInterests(InterestsRefused):
    code = "duplicates"


class UnknownInterests(InterestsRefused):
    code = "unknown"


class NotACouple(InterestsRefused):
    code = "not_a_couple"


class TooFewInterests(InterestsRefused):
    code = "too_few"


class TooManyInterests(InterestsRefused):
    code = "too_many"


class InterestsNotSaved(Exception):
    """The database refused the new choices. The old ones are in place; try again."""

    message = "Nothing changed. Your old choices are in place. Try again."

    def __init__(self) -> None:
        super().__init__(self.message)


@dataclass(frozen=True)
class SavedInterests:
    """What changed. After a failed prune `removed` is empty, and the old ones go next time."""

    kept: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    prune_failed: bool


@flow("onboarding.replace_interests")
def replace_interests(
    *, user: User, categories: Collection[str], by: Actor, operation: str = ""
) -> SavedInterests:
    """Set the interests as one whole.

    Raises:
        InterestsRefused: see its kinds; nothing was written.
        InterestsNotSaved: nothing was changed.
    """
    claim_operation(operation)
    saved = set_interests(user=user, categories=categories)
    audit(
        "onboarding.interests_replaced",
        by=by,
        subject=user,
        detail={
            "kept": len(saved.kept),
            "added": len(saved.added),
            "removed": len(saved.removed),
            "prune_failed": saved.prune_failed,
        },
    )
    return saved


@transaction_required
def set_interests(*, user: User, categories: Collection[str]) -> SavedInterests:
    """Insert what is new, then prune what is old, behind the user's lock.

    A failed insert fails the whole. A failed prune leaves the union: the wanted set is kept in
    the profile, which is what pages show, and the next save prunes.
    """
    wanted = check_interests(categories)
    # Two tabs that each saw only their own rows would end with a mix of both sets.
    if lock_user(user).kind != Kind.COUPLE:
        raise NotACouple("Only couples have interests; this is an operator's account.")
    before = set(Interest.objects.filter(user=user).values_list("category", flat=True))
    _insert(user, [slug for slug in wanted if slug not in before])
    pruned = _prune(user, wanted)
    _remember(user, wanted=None if pruned else wanted)
    return SavedInterests(
        kept=tuple(slug for slug in wanted if slug in before),
        added=tuple(slug for slug in wanted if slug not in before),
        removed=tuple(sorted(before - set(wanted))) if pruned else (),
        prune_failed=not pruned,
    )


def check_interests(categories: Collection[str]) -> list[str]:
    """The choice in the catalogue's order.

    Raises:
        InterestsRefused: nothing chosen, a duplicate, an unknown name, too few or too many.
    """
    if not categories:
        raise NoInterests(f"Choose at least {FEWEST_INTERESTS}.")
    repeated = [slug for slug, times in Counter(categories).items() if times > 1]
    if repeated:
        raise DuplicateInterests(f"Chosen more than once: {_named(repeated)}.")
    unknown = set(categories) - set(INTEREST_SLUGS)
    if unknown:
        raise UnknownInterests(f"There is no such interest: {_named(sorted(unknown))}.")
    if len(categories) < FEWEST_INTERESTS:
        raise TooFewInterests(_count_message("at least", FEWEST_INTERESTS, categories))
    if len(categories) > MOST_INTERESTS:
        raise TooManyInterests(_count_message("at most", MOST_INTERESTS, categories))
    return [slug for slug in INTEREST_SLUGS if slug in categories]


def wanted_interests(user: User) -> list[str]:
    """What the couple chose last, in the catalogue's order: what every page shows."""
    kept = Profile.objects.filter(user=user).values_list("interests_wanted", flat=True).first()
    chosen: Iterable[str] = kept or Interest.objects.filter(user=user).values_list(
        "category", flat=True
    )
    present = set(chosen)
    return [slug for slug in INTEREST_SLUGS if slug in present]


def _insert(user: User, categories: Sequence[str]) -> None:
    rows = [Interest(user=user, category=slug) for slug in categories]
    try:
        Interest.objects.bulk_create(rows, ignore_conflicts=True)
    except DatabaseError as error:
        if _ends_the_flow(error) or sqlstate(error) == QUERY_CANCELED:
            raise
        raise InterestsNotSaved from error


def _prune(user: User, wanted: Sequence[str]) -> bool:
    try:
        with savepoint():
            Interest.objects.filter(user=user).exclude(category__in=wanted).delete()
    except DatabaseError as error:
        if _ends_the_flow(error):
            raise
        log_event(
            logger,
            logging.WARNING,
            "onboarding.interests_prune_failed",
            user=str(user.uid),
            sqlstate=sqlstate(error),
        )
        return False
    return True


def _ends_the_flow(error: DatabaseError) -> bool:
    """Lost races are run again as a whole, and a lost connection has nothing left to save."""
    return sqlstate(error) in RETRYABLE or connection_lost(error)


def _remember(user: User, *, wanted: Sequence[str] | None) -> None:
    changed = Profile.objects.filter(user=user).update(
        interests_wanted=wanted, version=F("version") + 1
    )
    if not changed:
        raise Profile.DoesNotExist


def _named(slugs: Iterable[str]) -> str:
    return ", ".join(label_of(slug) for slug in slugs)


def _count_message(bound: str, limit: int, categories: Collection[str]) -> str:
    return f"Choose {bound} {limit}. You have chosen {len(categories)}."
