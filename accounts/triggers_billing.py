"""What the database refuses about payments, events and usage, whoever writes."""

import pgtrigger

from accounts.triggers import HardenedTrigger, sql_body, update_of


def _never_back(name: str, columns: tuple[str, ...], condition: str) -> HardenedTrigger:
    return HardenedTrigger(
        name=name,
        when=pgtrigger.After,
        operation=update_of(*columns),
        condition=pgtrigger.Condition(condition),
        func=sql_body(name),
    )


def _told_at_commit(*, operation: pgtrigger.Operation, its_id: str) -> HardenedTrigger:
    return HardenedTrigger(
        name="event_is_told",
        when=pgtrigger.After,
        operation=operation,
        timing=pgtrigger.Deferred,
        declare=[("its_id", f"text := {its_id}"), ("its_state", "text")],
        func=sql_body("event_is_told"),
    )


CUSTOMER = [
    _never_back(
        "customer_stays",
        ("user_id", "deleted_at"),
        "NEW.user_id <> OLD.user_id OR NEW.deleted_at IS NULL AND OLD.deleted_at IS NOT NULL",
    )
]
SUBSCRIPTION = [
    _never_back(
        "subscription_goes_forward",
        ("status", "event_created_at", "event_rank"),
        "ROW(NEW.event_rank = 9, NEW.event_created_at, NEW.event_rank)"
        " < ROW(OLD.event_rank = 9, OLD.event_created_at, OLD.event_rank)"
        " OR OLD.status IN ('canceled', 'incomplete_expired') AND NEW.status <> OLD.status",
    )
]
PAYMENT = [
    _never_back("payment_stays_paid", ("state",), "OLD.state = 'paid' AND NEW.state <> 'paid'")
]
EVENT = [_told_at_commit(operation=pgtrigger.Insert | update_of("state"), its_id="NEW.stripe_id")]
EVENT_CHANGE = [
    _told_at_commit(operation=pgtrigger.Delete | update_of("event_id"), its_id="OLD.event_id")
]
USAGE_ENTRY = [
    HardenedTrigger(
        name="usage_is_in_its_period",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | update_of("counter_id", "at"),
        declare=[("its_period", "date")],
        func=sql_body("usage_is_in_its_period"),
    ),
    HardenedTrigger(
        name="usage_is_never_changed",
        when=pgtrigger.Before,
        operation=update_of("delta", "operation_key"),
        condition=pgtrigger.Condition(
            "ROW(NEW.delta, NEW.operation_key) <> ROW(OLD.delta, OLD.operation_key)"
        ),
        func=sql_body("usage_is_never_changed"),
    ),
]
