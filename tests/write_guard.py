"""A net under the whole suite: whoever serves a request, runs a command or a task, and writes two
rows of ours outside a flow, fails the test that let it happen.

Flows are drilled, everything else is not, so two writes that belong together have to be in one.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from threading import local
from typing import Any

from celery import Task
from django.core.handlers.base import BaseHandler
from django.core.management.base import BaseCommand
from django.db import connection

from integrity import flows

# The frameworks' own tables. Any other is ours until somebody says so here.
EXEMPT = frozenset(
    {
        "auth_group",
        "auth_group_permissions",
        "auth_permission",
        "django_admin_log",
        "django_celery_beat_clockedschedule",
        "django_celery_beat_crontabschedule",
        "django_celery_beat_intervalschedule",
        "django_celery_beat_periodictask",
        "django_celery_beat_periodictasks",
        "django_content_type",
        "django_migrations",
        "django_session",
        "everafter_cache",
        "mfa_authenticator",
    }
)
# Writes that are whole by themselves: no other row depends on whether they happened.
BY_THEMSELVES = re.compile(
    r'^\s*UPDATE "?integrity_outboxmessage|^\s*WITH (due|gone) AS'  # the relay's book-keeping
    r"|^\s*UPDATE integrity_alert SET sent"  # what has left, of each address by itself
    r'|"?integrity_flowoutcome|^\s*(INSERT INTO|UPDATE) "?integrity_heartbeat'  # counters, signs of life
    r'|^\s*(UPDATE|INSERT INTO) "?integrity_run"?\s'  # a run's lease; what it finds is one flow
    r'|^\s*(UPDATE|INSERT INTO) "?accounts_(comparison|listing)"?\s'  # where a reading goes on
    r'|^DELETE FROM "?integrity_'  # retention
    r'|^UPDATE "?accounts_user"? SET "?last_login',  # Django's log-in signal
    re.IGNORECASE,
)
WRITE = re.compile(
    r'\b(INSERT INTO|DELETE FROM|MERGE INTO|(?<!FOR )(?<!KEY )(?<!DO )UPDATE)\s+(?:ONLY\s+)?"?(\w+)',
    re.IGNORECASE,
)
# Django's commands that write our tables by design, or that only call our functions.
UNGUARDED_COMMANDS = ("django.core.management.commands", "django.contrib.contenttypes")

complaints: list[str] = []
_here = local()


@dataclass
class Span:
    """One request, command or task, and what it wrote outside flows."""

    what: str
    writes: list[str] = field(default_factory=list)

    def see(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: Any, context: Any
    ) -> Any:
        result = execute(sql, params, many, context)
        # A span within a span installs a second wrapper; the inner one counts.
        if _spans()[-1] is self and not flows._current.get():
            self.writes += written_tables(str(sql))[:1]
        return result

    @property
    def complaint(self) -> str:
        if len(self.writes) < 2:
            return ""
        return f"{self.what} wrote {', then '.join(self.writes)} outside a flow."


def written_tables(sql: str) -> list[str]:
    """Our tables among those that a statement writes."""
    if BY_THEMSELVES.search(sql):
        return []
    return [table for _, table in WRITE.findall(sql) if table not in EXEMPT]


@contextmanager
def guarded(what: str) -> Iterator[Span]:
    span = Span(what)
    _spans().append(span)
    try:
        with connection.execute_wrapper(span.see):
            yield span
    finally:
        _spans().pop()
        if span.complaint:
            complaints.append(span.complaint)


def take() -> list[str]:
    """What was complained about since the last time."""
    taken, complaints[:] = list(complaints), []
    return taken


def install() -> None:
    """Put the guard around everything that Django and Celery let in."""
    _wrap(BaseHandler, "get_response", lambda handler, request: f"{request.method} {request.path}")
    _wrap(BaseCommand, "execute", lambda command, *args: f"The command {type(command).__module__}")
    _wrap(Task, "__call__", lambda task, *args: f"The task {task.name}")


def _wrap(owner: type, name: str, describe: Callable[..., str]) -> None:
    original = getattr(owner, name)

    @wraps(original)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        if type(self).__module__.startswith(UNGUARDED_COMMANDS):
            return original(self, *args, **kwargs)
        with guarded(describe(self, *args)):
            return original(self, *args, **kwargs)

    wrapper.__module__ = __name__  # Celery calls a task's own `run` unless it sees a patch.
    setattr(owner, name, wrapper)


def _spans() -> list[Span]:
    if not hasattr(_here, "spans"):
        _here.spans = []
    spans: list[Span] = _here.spans
    return spans
