import pytest
from django.db.transaction import atomic
from django.utils import timezone

from accounts.models import Profile
from integrity.transactions import TransactionRequired
from onboarding.drafts import draft_of, forget_draft, forget_drafts, save_draft
from onboarding.models import WizardDraft
from tests.factories import CoupleFactory
from tests.rivals import in_threads, rival, wait_for_a_blocked_session

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def user():
    return CoupleFactory(profile__step=1)


def keep(user, step, version=0, **data):
    return save_draft(user=user, step=step, data=data, version=version)


def test_what_was_typed_is_kept_by_step(user):
    assert keep(user, 1, name="Ada")
    assert keep(user, 2, categories=["music"])
    assert draft_of(user, step=1) == {"name": "Ada"}
    assert draft_of(user, step=2) == {"categories": ["music"]}


def test_the_last_one_counts(user):
    keep(user, 1, name="Ada", place="Oslo")
    keep(user, 1, name="Adele")
    assert draft_of(user, step=1) == {"name": "Adele"}


def test_without_a_draft_there_is_none(user):
    assert draft_of(user, step=1) is None
    keep(user, 2, categories=[])
    assert draft_of(user, step=1) is None


def test_a_page_older_than_the_saved_answers_leaves_no_draft(user):
    Profile.objects.filter(user=user).update(version=1)
    assert not keep(user, 1, version=0, name="Ada")
    assert not WizardDraft.objects.exists()


def test_after_the_wizard_there_is_nothing_to_keep():
    user = CoupleFactory(profile__step=3, profile__onboarded_at=timezone.now())
    assert not keep(user, 1, name="Ada")


def test_the_draft_of_one_step_is_forgotten_alone(user):
    keep(user, 1, name="Ada")
    keep(user, 2, categories=["music"])
    with atomic():
        forget_draft(user, step=1)
    assert draft_of(user, step=1) is None
    assert draft_of(user, step=2) == {"categories": ["music"]}


def test_forgetting_is_a_part_of_a_save(user):
    keep(user, 1, name="Ada")
    with pytest.raises(TransactionRequired):
        forget_drafts(user)
    with atomic():
        forget_drafts(user)
    assert not WizardDraft.objects.exists()


def test_a_draft_that_meets_a_save_waits_and_sees_that_it_is_too_old(user):
    with rival() as ask, in_threads() as start:
        with atomic():
            Profile.objects.filter(user=user).update(version=1)
            autosave = start(keep, user=user, step=1, name="Ada")
            wait_for_a_blocked_session(ask)
        assert not autosave.result()
    assert not WizardDraft.objects.exists()
