"""What the site does by itself about money, about what others know of people, and about what has
outlived its time."""

import logging
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.db.models import QuerySet
from django.utils import timezone

from accounts.billing.comparing import (
    NotComparable,
    NothingToCompare,
    Overtaken,
    compare_with_stripe,
)
from accounts.billing.differences import to_be_confirmed
from accounts.clients.outcomes import VendorError
from accounts.elsewhere.listing import (
    NotConfigured,
    Side,
    Superseded,
    forget_what_was_read,
    read_list,
)
from accounts.elsewhere.people import SIDES
from accounts.exporting.copies import forget_exports
from accounts.invitations import expire_invitations
from accounts.models import Comparison, Difference, Listing
from integrity.audit import Actor, task_actor
from integrity.log import log_event

logger = logging.getLogger(__name__)
# Asked every few minutes; less than a day, so that a late one doesn't move all later ones.
FRESH = timedelta(hours=23)
# Where the newest has found what nobody had found before, the next tells whether it stays so.
AGAIN = timedelta(minutes=30)


@shared_task(ignore_result=True, acks_late=False, soft_time_limit=3000, time_limit=3060)
def compare() -> None:
    """Once a day, and once more after something new; what stopped half-way, the next call goes on
    with."""
    if not _is_due(Comparison.objects.all(), news=to_be_confirmed() > 0):
        return
    try:
        compare_with_stripe(by=task_actor("accounts.tasks.compare"))
    except (NothingToCompare, Overtaken):
        return
    except (NotComparable, VendorError) as error:
        log_event(logger, logging.WARNING, "accounts.comparison_stopped", error=str(error))


@shared_task(ignore_result=True, acks_late=False, soft_time_limit=3000, time_limit=3060)
def compare_identities() -> None:
    _compare_people(SIDES[Listing.Of.IDENTITIES], task_actor("accounts.tasks.compare_identities"))


@shared_task(ignore_result=True, acks_late=False, soft_time_limit=3000, time_limit=3060)
def compare_contacts() -> None:
    _compare_people(SIDES[Listing.Of.CONTACTS], task_actor("accounts.tasks.compare_contacts"))


def _compare_people(side: Side, by: Actor) -> None:
    """As often as with Stripe."""
    if not side.is_configured():
        return forget_what_was_read(side)
    seen_once = Difference.objects.filter(of=side.of, readings=1).exists()
    if not _is_due(Listing.objects.filter(of=side.of), news=seen_once):
        return
    try:
        read_list(side, by=by)
    except (NotConfigured, Superseded):
        return
    except VendorError as error:
        log_event(
            logger, logging.WARNING, "accounts.reading_stopped", of=side.of.value, error=str(error)
        )


def _is_due(passes: "QuerySet[Any]", *, news: bool) -> bool:
    """
    Args:
        news: the newest has found something that none before it had found.
    """
    return not passes.filter(finished_at__gt=timezone.now() - (AGAIN if news else FRESH)).exists()


@shared_task(ignore_result=True)
def forget_invited() -> None:
    while expire_invitations():
        pass


@shared_task(ignore_result=True)
def forget_copies() -> None:
    while forget_exports():
        pass
