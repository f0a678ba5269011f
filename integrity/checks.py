"""System checks: what makes the promises void is said before anything runs."""

import base64
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.utils.module_loading import import_string

from integrity.addresses import NotInstalled, addresses, is_usable
from integrity.conf import config, unknown_settings
from integrity.invariants.problems import of_the_registry
from integrity.privacy.problems import of_the_holdings
from integrity.repair.problems import of_the_repairs
from integrity.saga.problems import of_the_sagas

NOT_POSTGRESQL = ("sqlite3", "mysql", "oracle")
# The setting, and the function of `integrity.tasks` that is made for it.
DOORBELLS = {
    "DOORBELL": "ring",
    "CHECK_DOORBELL": "ring_for_checks",
    "REPAIR_DOORBELL": "ring_for_repairs",
    "SAGA_DOORBELL": "ring_for_sagas",
}


@register("integrity")
def check_integrity(**kwargs: Any) -> list[CheckMessage]:
    settings_problems = _check_settings()
    # With an unknown name there is no configuration to look into.
    others = settings_problems or [
        *_check_seal_keys(),
        *_check_doorbell(),
        *_check_replica(),
        *_check_alerts(),
        *of_the_registry(),
        *of_the_repairs(),
        *of_the_sagas(),
    ]
    return [*_check_database(), *others]


def _check_database() -> list[CheckMessage]:
    database: dict[str, Any] = settings.DATABASES.get("default", {})
    problems: list[CheckMessage] = []
    if database.get("ENGINE", "").endswith(NOT_POSTGRESQL):
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
    return [
        problem
        for setting, hook in DOORBELLS.items()
        if (problem := _doorbell_problem(setting, hook))
    ]


def _doorbell_problem(setting: str, hook: str) -> CheckMessage | None:
    try:
        if name := getattr(config(), setting.lower()):
            import_string(name)
    except ImportError as error:
        return Error(
            f'INTEGRITY["{setting}"] can\'t be imported: {error}',
            hint=f'"integrity.tasks.{hook}" with Celery, "" without.',
            id="integrity.E005",
        )
    return None


def _check_replica() -> list[CheckMessage]:
    alias = config().replica
    known: dict[str, Any] = {
        name: each for name, each in settings.DATABASES.items() if name != "default"
    }
    engine = known.get(alias, {}).get("ENGINE", "")
    if not alias or (engine and not engine.endswith(NOT_POSTGRESQL)):
        return []
    return [
        Error(
            f'INTEGRITY["REPLICA"] is {alias!r}, which is no replica in DATABASES.',
            hint="Name the alias of a PostgreSQL that replicates the default one, or none.",
            id="integrity.E006",
        )
    ]


def _check_alerts() -> Iterator[CheckMessage]:
    """Warnings: whom nobody can tell of it, a sweep must be made all the same."""
    try:
        wrong = [each.label for each in addresses() if not is_usable(each)]
    except NotInstalled as error:
        yield Warning(str(error), hint="Or leave such addresses out.", id="integrity.W003")
        wrong = []
    for label in wrong:
        yield Warning(
            f'INTEGRITY["ALERT_ADDRESSES"]: nothing can be sent to {label}.',
            hint="An e-mail address, or what Apprise understands; try: manage.py integrity alerts",
            id="integrity.W002",
        )
    if config().alive_url and not config().alive_url.startswith(("https://", "http://")):
        yield Warning(
            'INTEGRITY["ALIVE_URL"] is no web address.',
            hint="The page that a watcher outside waits to be asked for, https://...",
            id="integrity.W004",
        )


@register("integrity", deploy=True)
def check_personal_data(**kwargs: Any) -> list[CheckMessage]:
    return of_the_holdings()


@register("integrity", deploy=True)
def check_deployment(**kwargs: Any) -> list[CheckMessage]:
    if unknown_settings() or config().alert_addresses:
        return []
    return [
        Warning(
            "No address for alerts is set: whatever a sweep finds, nobody is told.",
            hint='Set INTEGRITY["ALERT_ADDRESSES"].',
            id="integrity.W001",
        )
    ]
