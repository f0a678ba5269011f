"""What the tables of Django and of its extensions hold of people."""

import json
from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session

from accounts.models import User
from integrity.privacy import eraser, hold, hold_table

OURS = "a word of this project's or of its frameworks"
WITH_THE_ACCOUNT = "The row goes with the account."

hold(
    "account.EmailAddress",
    title="Your e-mail addresses",
    of="user",
    personal=("email", "verified", "primary"),
    erased=WITH_THE_ACCOUNT,
)
hold(
    "account.EmailConfirmation",
    personal=("key",),
    erased="Goes with the address. No row is ever made: links are signed instead.",
)
hold(
    "mfa.Authenticator",
    title="Your second factor",
    of="user",
    personal=("type", "data", "created_at", "last_used_at"),
    withheld={"data": "its secret opens the account"},
    erased=WITH_THE_ACCOUNT,
)
hold(
    "sessions.Session",
    personal=("session_data",),
    erased="config.sessions ends all sessions of the account; the rest go when they expire.",
    neither={"session_key": "a secret that is drawn at random", "expire_date": "a time"},
)
hold(
    "admin.LogEntry",
    neither={
        "object_id": "the key of a row",
        "object_repr": "str() of a row, which here is an id or a name of ours",
        "change_message": "names of columns",
    },
)
hold("auth.Permission", neither={"name": OURS, "codename": OURS})
hold("auth.Group", neither={"name": "what operators call a group"})
hold("contenttypes.ContentType", neither={"app_label": OURS, "model": OURS})
hold(
    "django_celery_beat.PeriodicTask",
    neither=dict.fromkeys(
        [
            "name",
            "task",
            "args",
            "kwargs",
            "queue",
            "exchange",
            "routing_key",
            "headers",
            "description",
        ],
        "what an operator or this project schedules: tasks take no personal arguments",
    ),
)
hold("django_celery_beat.SolarSchedule", neither={"event": OURS})
hold("django_celery_beat.IntervalSchedule", neither={"period": OURS})
hold(
    "django_celery_beat.CrontabSchedule",
    neither=dict.fromkeys(
        ["minute", "hour", "day_of_month", "month_of_year", "day_of_week", "timezone"],
        "a time of a schedule",
    ),
)
hold_table(
    "everafter_cache",
    neither={
        "cache_key": "digests, for rate limits and for what may be asked again",
        "value": "counts and times",
    },
)


@eraser("config.sessions")
def end_sessions(person: User, limit: int) -> int:
    """Those that are logged in as them, and those in which they left their address."""
    open_ = Session.objects.order_by("pk").iterator()
    theirs = [each.pk for each in open_ if _is_of(person, each)]
    return Session.objects.filter(pk__in=theirs[:limit]).delete()[0]


def _is_of(person: User, session: Session) -> bool:
    known: dict[str, Any] = SessionStore().decode(session.session_data)
    user = str(known.get("_auth_user_id", ""))
    return user == str(person.pk) or person.email in json.dumps(known, default=str)
