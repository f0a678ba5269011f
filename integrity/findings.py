"""What operators do with findings. Each verb changes those it may change, and returns how many."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.utils import timezone

from integrity.audit import Actor, audit
from integrity.flows import flow
from integrity.models import Finding

State = Finding.State
SILENCEABLE = (State.OPEN, State.ACKNOWLEDGED, State.SNOOZED)
LONGEST = {State.SNOOZED: timedelta(days=30), State.FALSE_POSITIVE: timedelta(days=365)}


class ReasonRequired(ValueError):
    """Silencing a finding needs a reason that the next person can judge."""


class EndRequired(ValueError):
    """A silence ends: give a time in the future."""


class EndTooFar(EndRequired):
    """So long a silence outlives the memory of why."""

    def __init__(self, last: datetime) -> None:
        super().__init__(
            f"So long nobody would remember it. At the latest until {last:%Y-%m-%d} (UTC)."
        )


@flow("integrity.acknowledge_findings")
def acknowledge(
    *, uids: Collection[UUID], by: Actor, versions: Mapping[UUID, int] | None = None
) -> int:
    """Somebody is on it: open findings become acknowledged."""
    return _change(
        uids,
        versions,
        verb="integrity.finding_acknowledged",
        allowed=(State.OPEN,),
        by=by,
        changes={"state": State.ACKNOWLEDGED, "reason": by.reason},
    )


@flow("integrity.assign_findings")
def assign(
    *,
    uids: Collection[UUID],
    assignee: str,
    by: Actor,
    versions: Mapping[UUID, int] | None = None,
) -> int:
    """Say whose it is, by a public id or a team's name; nobody's, if blank."""
    return _change(
        uids,
        versions,
        verb="integrity.finding_assigned",
        allowed=tuple(set(State) - {State.RESOLVED}),
        by=by,
        changes={"assignee": assignee},
    )


@flow("integrity.snooze_findings")
def snooze(
    *,
    uids: Collection[UUID],
    until: datetime,
    by: Actor,
    versions: Mapping[UUID, int] | None = None,
) -> int:
    """Known, and quiet until then; once gone and back, it speaks again at once.

    Raises:
        ReasonRequired, EndRequired
        EndTooFar: more than 30 days ahead.
    """
    return _silence(uids, versions, State.SNOOZED, until, by, SILENCEABLE)


@flow("integrity.mark_false_positives")
def mark_false_positive(
    *,
    uids: Collection[UUID],
    until: datetime,
    by: Actor,
    versions: Mapping[UUID, int] | None = None,
) -> int:
    """Right as it is, whatever the invariant says, until it is judged again then.

    Raises:
        ReasonRequired, EndRequired
        EndTooFar: more than 365 days ahead.
    """
    allowed = (*SILENCEABLE, State.SUSPECTED, State.FALSE_POSITIVE)
    return _silence(uids, versions, State.FALSE_POSITIVE, until, by, allowed)


@flow("integrity.reopen_findings")
def reopen(*, uids: Collection[UUID], by: Actor, versions: Mapping[UUID, int] | None = None) -> int:
    """Take back what was said of them."""
    return _change(
        uids,
        versions,
        verb="integrity.finding_reopened",
        allowed=(State.ACKNOWLEDGED, State.SNOOZED, State.FALSE_POSITIVE),
        by=by,
        changes={"state": State.OPEN, "until": None, "reason": by.reason},
    )


def _silence(
    uids: Collection[UUID],
    versions: Mapping[UUID, int] | None,
    state: State,
    until: datetime,
    by: Actor,
    allowed: Collection[str],
) -> int:
    if not by.reason.strip():
        raise ReasonRequired(ReasonRequired.__doc__)
    now = timezone.now()
    if until <= now:
        raise EndRequired(EndRequired.__doc__)
    if until > (last := now + LONGEST[state]):
        raise EndTooFar(last)
    return _change(
        uids,
        versions,
        verb=f"integrity.finding_{state}",
        allowed=allowed,
        by=by,
        changes={"state": state, "until": until, "reason": by.reason},
    )


def _change(
    uids: Collection[UUID],
    versions: Mapping[UUID, int] | None,
    *,
    verb: str,
    allowed: Collection[str],
    by: Actor,
    changes: dict[str, Any],
) -> int:
    """Findings that are not in an allowed state, or that changed since they were shown, stay.

    Args:
        versions: what the caller was shown of each finding; whatever there is, if None.
    """
    locked = _locked(Finding.objects.filter(uid__in=uids, state__in=allowed))
    chosen = [each for each in locked if versions is None or versions.get(each.uid) == each.version]
    for finding in chosen:
        audit(verb, by=by, subject=finding, detail={"invariant": finding.invariant})
    return Finding.objects.filter(pk__in=[each.pk for each in chosen]).update(
        **changes, version=F("version") + 1
    )


def _locked(findings: "QuerySet[Finding]") -> list[Finding]:
    """In the order in which a check writes them."""
    return list(findings.select_for_update(no_key=True).order_by("fingerprint"))
