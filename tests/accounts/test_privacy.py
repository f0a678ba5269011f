"""Masked, until somebody says why; and then for ten minutes, for them, for this person."""

import pytest
from django.db import connection

from accounts.actors import acting
from accounts.privacy import is_revealed, masked, reveal
from integrity.models import AuditEntry
from tests.factories import CoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("text", "shown"), [("ada@example.com", "a… (15)"), ("", "")])
def test_a_mask_shows_a_letter_and_a_length(text, shown):
    assert masked(text) == shown


def test_what_is_revealed_is_so_to_one_operator_of_one_person():
    ann, bob = OperatorFactory(), OperatorFactory()
    ada, other = CoupleFactory(), CoupleFactory()
    reveal(user=ada, by=acting(ann, via="admin", reason="they rang up"))

    assert is_revealed(user=ada, to=str(ann.uid))
    assert not is_revealed(user=ada, to=str(bob.uid))
    assert not is_revealed(user=other, to=str(ann.uid))
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.reason) == ("accounts.person_revealed", "they rang up")
    assert entry.detail == {}
    reveal(user=ada, by=acting(ann, via="admin", reason="again"))
    assert AuditEntry.objects.count() == 1


def test_it_is_masked_again_after_ten_minutes():
    ann, ada = OperatorFactory(), CoupleFactory()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO integrity_auditentry"
            " (at, actor_kind, actor_id, via, verb, subject, reason, detail, request_id)"
            " VALUES (now() - interval '601 seconds', 'operator', %s, 'admin',"
            " 'accounts.person_revealed', %s, 'x', '{}', '')",
            [str(ann.uid), f"accounts.user:{ada.uid}"],
        )
    assert not is_revealed(user=ada, to=str(ann.uid))
