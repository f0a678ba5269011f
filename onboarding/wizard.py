"""The three steps from a new account to a checklist. Each save is one whole."""

import datetime
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass

from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.elsewhere.contact import promise_contact
from accounts.locks import lock_user, lock_wedding
from accounts.models import STEPS, Kind, Profile, User, Wedding
from integrity.audit import Actor, audit
from integrity.flows import AlreadyDone, claim_operation, flow
from integrity.transactions import transaction_required
from onboarding.checklist import make_tasks
from onboarding.days import time_zones
from onboarding.drafts import forget_draft, forget_drafts
from onboarding.interests import check_interests, set_interests, wanted_interests


class WizardRefused(Exception):
    """The step can't be saved. Nothing was written."""


class StepNotReached(WizardRefused):
    """An earlier step is still open: go there first."""


class WizardFinished(WizardRefused):
    """There is nothing left to fill in; an operator can reopen the wizard."""


class WizardNotFinished(WizardRefused):
    """It is still open, so it can't be reopened."""


class NoWizard(WizardRefused):
    """Only couples fill it in. This is an operator's account."""


class AnswerRefused(WizardRefused):
    """One answer is missing or makes no sense."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class StaleVersion(WizardRefused):
    """The answers changed since the page was opened. Show both and let the couple choose."""

    def __init__(self, *, mine: Mapping[str, object], theirs: Mapping[str, object]) -> None:
        super().__init__(self.__doc__)
        self.mine = mine
        self.theirs = theirs


@dataclass(frozen=True)
class StepOne:
    """The answers of the first step."""

    name: str
    partner_name: str
    date: datetime.date | None
    date_undecided: bool
    place: str
    time_zone: str

    def check(self) -> None:
        if not self.name.strip():
            raise AnswerRefused("name", "Enter your name.")
        if self.date is None and not self.date_undecided:
            raise AnswerRefused("date", "Enter the date, or say that it isn't decided yet.")
        if self.date is not None and self.date_undecided:
            raise AnswerRefused("date", "Either there is a date, or it isn't decided yet.")
        if self.time_zone not in time_zones():
            raise AnswerRefused("time_zone", "Choose a time zone from the list.")


@flow("onboarding.save_step_one")
def save_step_one(
    *,
    user: User,
    name: str,
    partner_name: str,
    date: datetime.date | None,
    date_undecided: bool,
    place: str,
    time_zone: str,
    version: int,
    by: Actor,
    operation: str = "",
) -> None:
    """Who marries, when and where.

    Raises:
        AnswerRefused, StaleVersion, WizardFinished: nothing was written.
    """
    claim_operation(operation)
    mine = StepOne(name, partner_name, date, date_undecided, place, time_zone)
    mine.check()
    wedding = lock_wedding(user)
    _advance(user, to=1, version=version, mine=asdict(mine), name=name, partner_name=partner_name)
    _save_wedding(wedding, user=user, answers=mine)
    forget_draft(user, step=1)
    promise_contact(user)
    audit("onboarding.step_saved", by=by, subject=user, detail={"step": 1})


@flow("onboarding.save_step_two")
def save_step_two(
    *, user: User, categories: Collection[str], version: int, by: Actor, operation: str = ""
) -> None:
    """What matters to them.

    Raises:
        InterestsRefused, InterestsNotSaved, StepNotReached, StaleVersion, WizardFinished:
            nothing was written.
    """
    claim_operation(operation)
    wanted = check_interests(categories)
    lock_user(user)
    _advance(user, to=2, version=version, mine={"categories": wanted})
    set_interests(user=user, categories=wanted)
    forget_draft(user, step=2)
    audit("onboarding.step_saved", by=by, subject=user, detail={"step": 2})


@flow("onboarding.finish")
def finish(*, user: User, version: int, by: Actor, operation: str = "") -> None:
    """Accept the answers and make the checklist. A second time it adds what is missing only.

    Raises:
        StepNotReached, StaleVersion, InterestsRefused: nothing was written.
        AlreadyDone: it is finished; there is a checklist.
    """
    claim_operation(operation)
    wedding = lock_wedding(user)
    try:
        _advance(user, to=STEPS, version=version, mine={}, onboarded_at=timezone.now())
    except WizardFinished as finished:
        raise AlreadyDone("onboarding.finish") from finished
    make_tasks(wedding=wedding, interests=check_interests(wanted_interests(user)))
    forget_drafts(user)
    audit("onboarding.finished", by=by, subject=user)


@flow("onboarding.reopen")
def reopen(*, user: User, by: Actor) -> None:
    """Lead the couple through the steps once more. Their answers, tasks and milestones stay.

    Raises:
        NoWizard, WizardNotFinished: nothing was written.
    """
    if lock_user(user).kind != Kind.COUPLE:
        raise NoWizard(NoWizard.__doc__)
    reopened = Profile.objects.filter(user=user, onboarded_at__isnull=False).update(
        step=0, onboarded_at=None, version=F("version") + 1
    )
    if not reopened:
        raise WizardNotFinished(WizardNotFinished.__doc__)
    audit("onboarding.reopened", by=by, subject=user)


def step_one_of(profile: Profile, wedding: Wedding) -> StepOne:
    return StepOne(
        name=profile.name,
        partner_name=profile.partner_name,
        date=wedding.date,
        date_undecided=wedding.date_undecided,
        place=wedding.place,
        time_zone=wedding.time_zone,
    )


def saved_answers(user: User, *, step: int) -> dict[str, object]:
    """What is in the database now for this step, by field."""
    if step == 1:
        profile = Profile.objects.get(user=user)
        return asdict(step_one_of(profile, Wedding.objects.get(members__user=user)))
    return {"categories": wanted_interests(user)} if step == 2 else {}


@transaction_required
def _advance(
    user: User, *, to: int, version: int, mine: Mapping[str, object], **answers: object
) -> None:
    """Move the profile on in one conditional statement, or say why not."""
    advanced = Profile.objects.filter(
        user=user, version=version, step__gte=to - 1, onboarded_at=None
    ).update(step=Greatest("step", to), version=F("version") + 1, **answers)
    if advanced:
        return
    profile = Profile.objects.get(user=user)
    if profile.onboarded_at is not None:
        raise WizardFinished(WizardFinished.__doc__)
    if profile.step < to - 1:
        raise StepNotReached(StepNotReached.__doc__)
    theirs = saved_answers(user, step=to)
    if not theirs or mine != theirs:
        raise StaleVersion(mine=mine, theirs=theirs)
    # Another step was changed, or the same to the same: there is nothing to choose between.
    _advance(user, to=to, version=profile.version, mine=mine, **answers)


@transaction_required
def _save_wedding(wedding: Wedding, *, user: User, answers: StepOne) -> None:
    Wedding.objects.filter(pk=wedding.pk).update(
        date=answers.date,
        date_undecided=answers.date_undecided,
        place=answers.place,
        time_zone=answers.time_zone,
        version=F("version") + 1,
    )
    # The partner has these answers on their page as well, and it is out of date now.
    Profile.objects.filter(user__membership__wedding=wedding).exclude(user=user).update(
        version=F("version") + 1
    )
