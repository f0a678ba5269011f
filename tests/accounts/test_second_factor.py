import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse

from accounts.errors import NoSecondFactor
from accounts.second_factor import remove_second_factor
from integrity.audit import command_actor
from integrity.models import AuditEntry
from integrity.testing import assert_every_invariant_holds
from tests import mailbox
from tests.factories import CoupleFactory

pytestmark = pytest.mark.django_db(transaction=True)
BY = command_actor("lost it")


@pytest.fixture
def ada():
    return CoupleFactory(email="ada@example.com", address__verified=True)


def set_up(user, *types):
    for type in types:
        Authenticator.objects.create(user=user, type=type, data={})


def test_it_goes_with_its_recovery_codes_and_the_mailbox_is_told(ada):
    set_up(ada, "totp", "recovery_codes")

    remove_second_factor(user=ada, by=BY)

    assert not Authenticator.objects.exists()
    assert mailbox.kinds() == [("second_factor_removed", "ada@example.com")]
    assert mailbox.last().path == reverse("account_reset_password")
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.detail) == ("accounts.second_factor_removed", {"removed": 2})
    assert_every_invariant_holds()


def test_that_of_others_stays(ada):
    bob = CoupleFactory()
    set_up(ada, "totp")
    set_up(bob, "totp")

    remove_second_factor(user=ada, by=BY)

    assert Authenticator.objects.get().user == bob


def test_one_that_is_not_there_is_refused_and_nobody_is_told(ada):
    with pytest.raises(NoSecondFactor, match="no second factor"):
        remove_second_factor(user=ada, by=BY)

    assert not mailbox.promised()
    assert not AuditEntry.objects.exists()


def test_who_loses_another_one_is_told_again(ada):
    for _ in range(2):
        set_up(ada, "totp")
        remove_second_factor(user=ada, by=BY)

    assert len(mailbox.promised()) == 2
