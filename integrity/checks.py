"""System checks: what makes the promises void is said before anything runs."""

import base64
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from integrity.conf import config, unknown_settings
from integrity.invariants.problems import of_the_registry


@register("integrity")
def check_integrity(**kwargs: Any) -> list[CheckMessage]:
    settings_problems = _check_settings()
    # With an unknown name there is no configuration to look into.
    others = settings_problems or [
        *_check_seal_keys(),
        *_check_doorbell(),
        *of_the_registry(),
    ]
    return [*_check_database(), *others]


def _check_database() -> list[CheckMessage]:
    database: dict[str, Any] = settings.DATABASES.get("default", {})
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


def _check_seal_keys() -> list[CheckMessage]:
    wrong = [place for place, key in enumerate(config().seal_keys, 1) if not _is_fernet_key(key)]
    return [
        Error(
            f'INTEGRITY["SEAL_KEYS"]: key {place} is not a Fernet key.',
            hint="Make one: python -c 'from cryptography.fernet import Fernet as f;"
            " print(f.generate_key().decode())'",
            id="integrity.E004",
        )
        for place in wrong
    ]


def _is_fernet_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, altchars=b"-_", validate=True)) == 32
    except ValueError:
        return False


def _check_doorbell() -> list[CheckMessage]:
    name = config().doorbell
    try:
        if name:
            import_string(name)
    except ImportError as error:
        return [
            Error(
                f'INTEGRITY["DOORBELL"] can\'t be imported: {error}',
                hint='"integrity.tasks.ring" with Celery, "" without.',
                id="integrity.E005",
            )
        ]
    return []
