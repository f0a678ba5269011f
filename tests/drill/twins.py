"""Broken twins of the product's flows: what the drill must catch, lest it prove nothing.

Each is the product's own code with one thing taken away, so that a twin can't rot.
"""

from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

from django.db import connection
from django.db.transaction import atomic, on_commit

from accounts.billing import usage
from accounts.errors import EmailTaken
from accounts.models import User, Wedding
from integrity.drill.promises import prepare
from integrity.invariants.declare import invariants
from integrity.outbox import enqueue
from onboarding.models import Interest
from tests.drill.wizard import OTHER_INTERESTS

# The promises that PostgreSQL keeps at COMMIT; with them most twins could not even begin.
PROMISES = """
SELECT tgrelid::regclass::text, tgname FROM pg_trigger
WHERE tgdeferrable AND NOT tgisinternal AND tgenabled <> 'D'
"""


@contextmanager
def without_the_database_s_promises():
    """Nor is it asked whether they are switched on, which is all that would ever be found."""
    promises = _execute(PROMISES)
    with patch.dict(invariants._entries):
        del invariants._entries["integrity.every_trigger_is_as_promised"]
        prepare()
        _switch("DISABLE", promises)
        try:
            yield
        finally:
            _switch("ENABLE", promises)
    prepare()


def _switch(how, promises):
    _execute("; ".join(f'ALTER TABLE {table} {how} TRIGGER "{name}"' for table, name in promises))


def _execute(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def torn(scenario):
    """The same flow, committed after each of its statements: what autocommit would do."""

    def act(context):
        with committing_each_statement():
            scenario.act(context)

    return replace(scenario, name=f"{scenario.name}, torn", act=act)


@contextmanager
def committing_each_statement():
    def around(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        # Released right after it; a commit in between would take it away.
        in_savepoint = str(sql).startswith(("SAVEPOINT", "ROLLBACK TO"))
        if not in_savepoint and not any(connection.savepoint_ids):
            connection.connection.commit()
        return result

    with connection.execute_wrapper(around):
        yield


def delete_then_insert(context):
    """The set, replaced without a transaction."""
    Interest.objects.filter(user=context.user).delete()
    for category in OTHER_INTERESTS:
        Interest.objects.create(user=context.user, category=category)


@contextmanager
def mail_in_on_commit():
    """The mail promised when the rest is saved already, and so not at all if nobody lives on."""

    def later(*args, **promise):
        on_commit(lambda: _now(*args, **promise))

    with patch("accounts.mail.enqueue", later):
        yield


def _now(*args, **promise):
    with atomic():
        enqueue(*args, **promise)


@contextmanager
def exists_then_insert():
    """A look instead of the unique row's answer."""

    def insert_user(fields):
        if User.objects.filter(email=fields["email"]).exists():
            raise EmailTaken
        return User.objects.create(**fields)

    with patch("accounts.signup._insert_user", insert_user):
        yield


@contextmanager
def interests_unlocked():
    """Two tabs that each see only their own rows."""
    with patch("onboarding.interests.lock_user", lambda user: user):
        yield


@contextmanager
def checklist_unlocked():
    """Two people who each count without the other's tick."""

    def find_wedding(user):
        return Wedding.objects.get(members__user=user)

    with patch("onboarding.checklist.lock_wedding", find_wedding):
        yield


@contextmanager
def last_word_wins():
    """An event that arrives later, taken for newer."""
    with patch("accounts.billing.changes.newest_subscription", lambda known, said: said):
        yield


@contextmanager
def customer_not_held():
    """Who looks for an owner and who names one, past each other."""
    with patch("accounts.billing.customers._hold"):
        yield


@contextmanager
def limit_looked_up():
    """A look at the counter instead of a condition on it."""
    look = usage._this_month

    def this_month(wedding, metric):
        counter, value = look(wedding, metric)
        if value >= usage.LIMITS[metric]["free"]:
            raise usage.LimitReached
        return counter, value

    condition = "value + %s BETWEEN 0 AND CASE WHEN %s < 0 THEN value ELSE %s END"
    assert condition in usage._RAISE
    without = usage._RAISE.replace(condition, "(%s, %s, %s) IS NOT NULL")
    with (
        patch("accounts.billing.usage._this_month", this_month),
        patch("accounts.billing.usage._RAISE", without),
    ):
        yield


@contextmanager
def wedding_not_held():
    """Two partners who each see that nobody has asked yet."""

    def find_wedding(user):
        return Wedding.objects.get(members__user=user)

    with patch("accounts.billing.plan._hold_wedding", find_wedding):
        yield


@contextmanager
def locked_as_they_come():
    """Whoever joins takes their own account first, and then that of who has asked them."""

    def lock_users(*keys):
        for key in keys:
            User.objects.select_for_update(no_key=True).get(pk=key)

    with patch("accounts.membership.lock_users", lock_users):
        yield


@contextmanager
def seal_looks_unheld():
    """The last look at what is in the way, before the account is held."""
    with patch("accounts.leaving.steps_local.hold_user", lambda user: user):
        yield


@contextmanager
def collected_unheld():
    """A copy of rows that a partner may change while they are read."""
    with patch("accounts.exporting.steps.lock_weddings"):
        yield


@contextmanager
def without_the_claim():
    """A second try that doesn't know of the first."""
    with (
        patch("accounts.addresses.verification.claim_operation"),
        patch("accounts.signup.claim_operation"),
        patch("onboarding.interests.claim_operation"),
        patch("accounts.billing.plan.claim_operation"),
    ):
        yield
