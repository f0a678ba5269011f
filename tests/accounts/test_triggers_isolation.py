"""What COMMIT promises, for those who write at another isolation level."""

from contextlib import ExitStack, contextmanager

import pytest
from django.db import DatabaseError

from accounts.models import Wedding
from integrity.sqlstate import sqlstate
from integrity.testing import assert_every_invariant_holds
from tests.factories import CoupleFactory, OnboardedCoupleFactory
from tests.rivals import rival

pytestmark = pytest.mark.django_db(transaction=True)

REFUSED, SERIALIZE, CHECK_VIOLATION = "25001", "40001", "23514"


@contextmanager
def two(level):
    """Two transactions at this level; both have seen what is there before either one writes."""
    with ExitStack() as stack:
        both = [stack.enter_context(rival()) for _ in range(2)]
        for each in both:
            each(f"BEGIN ISOLATION LEVEL {level}")
            each("SELECT count(*) FROM accounts_member, onboarding_interest")
        yield both


def answer(execute, sql, *params):
    """The error's SQLSTATE, or none."""
    try:
        execute(sql, *params)
    except DatabaseError as error:
        return sqlstate(error)
    return None


AT_EVERY_LEVEL = pytest.mark.parametrize(
    ("level", "answers"),
    [
        ("READ COMMITTED", (None, CHECK_VIOLATION)),
        ("REPEATABLE READ", (REFUSED, REFUSED)),
        ("SERIALIZABLE", (None, SERIALIZE)),
    ],
)


@AT_EVERY_LEVEL
def test_two_members_do_not_both_leave_a_wedding(level, answers):
    ada = CoupleFactory()
    grace = CoupleFactory(wedding=ada.membership.wedding)

    with two(level) as both:
        for execute, user in zip(both, (ada, grace), strict=True):
            # An operator may be without a wedding.
            execute("UPDATE accounts_user SET kind = 'operator' WHERE id = %s", user.pk)
            execute("DELETE FROM accounts_member WHERE user_id = %s", user.pk)
        assert tuple(answer(execute, "COMMIT") for execute in both) == answers

    assert Wedding.objects.get().members.exists()
    assert_every_invariant_holds()


@AT_EVERY_LEVEL
def test_two_tabs_do_not_prune_all_interests(level, answers):
    halves = (["music", "food", "flowers"], ["dress", "venue", "guests"])
    user = OnboardedCoupleFactory(interests=halves[0] + halves[1])

    with two(level) as both:
        for execute, half in zip(both, halves, strict=True):
            execute("DELETE FROM onboarding_interest WHERE category = ANY(%s)", half)
        assert tuple(answer(execute, "COMMIT") for execute in both) == answers

    assert user.interests.count() >= 3


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE accounts_user SET email = 'ada@example.org'",
        "UPDATE account_emailaddress SET verified = true",
    ],
)
def test_an_address_and_its_proof_are_not_written_from_an_old_snapshot(sql):
    CoupleFactory(email="ada@example.com")

    with rival() as execute:
        execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        assert answer(execute, sql) == REFUSED


def test_who_is_refused_is_told_what_to_do():
    CoupleFactory()

    with rival() as execute:
        execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        with pytest.raises(DatabaseError, match="READ COMMITTED, or let every writer use SER"):
            execute("UPDATE account_emailaddress SET verified = true")
