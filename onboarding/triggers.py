"""What the database promises: interests, never none after step 2, three once onboarded; no old draft."""

from pathlib import Path

import pgtrigger

from accounts.triggers import HardenedTrigger, after_a_lock, update_of

SQL = Path(__file__).parent / "sql"


def _count_at_commit(name: str, *, operation: pgtrigger.Operation, subject: str) -> HardenedTrigger:
    return HardenedTrigger(
        name=name,
        when=pgtrigger.After,
        operation=operation,
        timing=pgtrigger.Deferred,
        declare=[
            ("subject", f"bigint := {subject}"),
            ("reached", "integer"),
            ("onboarded", "boolean"),
            ("chosen", "integer"),
        ],
        func=after_a_lock((SQL / "interests_count.sql").read_text()),
    )


INTEREST = [
    _count_at_commit(
        "interests_count",
        operation=pgtrigger.Insert | update_of("user_id", "category"),
        subject="NEW.user_id",
    ),
    _count_at_commit(
        "interests_left",
        operation=pgtrigger.Delete | update_of("user_id", "category"),
        subject="OLD.user_id",
    ),
    HardenedTrigger(
        name="interests_not_emptied",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Truncate,
        func=(SQL / "interests_not_emptied.sql").read_text(),
    ),
]
PROFILE = [
    _count_at_commit(
        "interests_count",
        operation=pgtrigger.Insert | update_of("step", "onboarded_at"),
        subject="NEW.user_id",
    )
]
MEMBERSHIP = [
    HardenedTrigger(
        name="draft_ends_with_the_membership",
        when=pgtrigger.After,
        operation=update_of("wedding_id"),
        condition=pgtrigger.Condition("NEW.wedding_id <> OLD.wedding_id"),
        func=(SQL / "draft_ends_with_the_membership.sql").read_text(),
    )
]
