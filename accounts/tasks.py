"""What the site does by itself about money, and about links that nobody has followed."""

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from accounts.clients.outcomes import VendorError
from accounts.comparing import NotComparable, NothingToCompare, Overtaken, compare_with_stripe
from accounts.invitations import expire_invitations
from accounts.models import Comparison
from integrity.audit import task_actor
from integrity.log import log_event

logger = logging.getLogger(__name__)
# Asked every few minutes; less than a day, so that a late one doesn't move all later ones.
FRESH = timedelta(hours=23)


@shared_task(ignore_result=True, acks_late=False, soft_time_limit=3000, time_limit=3060)
def compare() -> None:
    """Once a day; where that stopped half-way, the next call goes on."""
    if Comparison.objects.filter(finished_at__gt=timezone.now() - FRESH).exists():
        return
    try:
        compare_with_stripe(by=task_actor("accounts.tasks.compare"))
    except (NothingToCompare, Overtaken):
        return
    except (NotComparable, VendorError) as error:
        log_event(logger, logging.WARNING, "accounts.comparison_stopped", error=str(error))


@shared_task(ignore_result=True)
def forget_invited() -> None:
    while expire_invitations():
        pass
