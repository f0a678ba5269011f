import pytest

from integrity.relay import deliver_due
from integrity.transactions import TransactionRequired, transaction
from onboarding.celebration import celebrate
from onboarding.models import Milestone
from tests.factories import CoupleFactory, OnboardedCoupleFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def milestone():
    couple = OnboardedCoupleFactory(profile__name="Zoë & Jo")
    return Milestone(wedding=couple.membership.wedding, key="half", tasks_done=12, tasks_total=24)


def test_each_of_the_couple_gets_a_mail_that_says_what_was_reached(milestone, mailoutbox):
    partner = CoupleFactory(wedding=milestone.wedding)
    with transaction():
        celebrate(milestone, wedding=milestone.wedding)
    deliver_due()
    mail, other = sorted(mailoutbox, key=lambda mail: mail.to != [partner.email], reverse=True)
    assert other.to == [partner.email]
    assert mail.subject == "Halfway: well done, you two"
    assert "Hello Zoë & Jo," in mail.body
    assert "12 of 24 tasks" in mail.body
    assert "the next three are waiting" in mail.body
    assert "/home/" in mail.body
    assert "Zoë &amp; Jo" in mail.alternatives[0].content


def test_the_last_milestone_leaves_nothing_to_wait_for(milestone, mailoutbox):
    milestone.key, milestone.tasks_done = "all", 24
    with transaction():
        celebrate(milestone, wedding=milestone.wedding)
    deliver_due()
    assert "Nothing is left to do" in mailoutbox[0].body
    assert "waiting" not in mailoutbox[0].alternatives[0].content


def test_it_is_promised_with_the_milestone(milestone):
    with pytest.raises(TransactionRequired):
        celebrate(milestone, wedding=milestone.wedding)
