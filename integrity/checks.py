"""System checks: what makes the promises void is said before anything runs."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from integrity.conf import unknown_settings


@register("integrity")
def check_integrity(**kwargs: Any) -> list[CheckMessage]:
    return [*_check_database(), *_check_settings()]


def _check_database() -> list[CheckMessage]:
    database = settings.DATABASES.get("default", {})
    problems: list[CheckMessage] = []
    if database.get("ENGINE", "").endswith(("sqlite3", "mysql", "oracle")):
        problems.append(
            Error(
                "The default database is not PostgreSQL.",
                hint="Triggers, deferred constraints and SKIP LOCKED are needed: set DATABASE_URL.",
                id="integrity.E001",
            )
        )
    if database.get("ATOMIC_REQUESTS"):
        problems.append(
            Error(
                "ATOMIC_REQUESTS is on, so no flow can be durable.",
                hint="Turn it off: each flow opens its own transaction.",
                id="integrity.E002",
            )
        )
    return problems


def _check_settings() -> list[CheckMessage]:
    return [
        Error(
            f"INTEGRITY[{name!r}] is not a setting.",
            hint="See integrity.conf.Config for the names.",
            id="integrity.E003",
        )
        for name in unknown_settings()
    ]
