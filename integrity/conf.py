"""What a host project may set: `settings.INTEGRITY`, with the defaults in one place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from django.conf import settings


@dataclass(frozen=True)
class Config:
    """Times are seconds."""

    lock_timeout: float = 2.0
    statement_timeout: float = 10.0
    idle_timeout: float = 30.0
    attempts: int = 3
    check_timeout: float = 300.0
    # The alias of a database that checks are read on, and how far behind it may be.
    replica: str = ""
    replica_lag: float = 60.0
    run_lease: float = 300.0
    # A saga's: longer than three calls to a provider take, and when none can be under way.
    saga_lease: float = 60.0
    saga_quiet: float = 90.0
    # For how long a step that can be taken back is tried.
    saga_patience: float = 86_400.0
    # When one that is due has waited for a worker, or one that fails has tried, for too long.
    saga_lag: float = 300.0
    saga_stalled: float = 3600.0
    # For how long all sagas of a kind may be paused before those that wait for it are late.
    saga_pause: float = 86_400.0
    # How long a chunk of a repair should take, and the rest after it as a share of that.
    repair_chunk: float = 0.25
    repair_rest: float = 0.2
    repair_start_within: float = 1800.0
    undo_days: float = 30.0
    second_person: bool = True
    outbox_lease: float = 120.0
    outbox_attempts: int = 12
    outbox_lag: float = 300.0
    outbox_age: float = 86_400.0
    history_days: int = 90
    # Where the pages lie that a declaration names: a folder, or an address; BASE_DIR if blank.
    runbook: str = ""
    sweep_hour: int = 2
    sweep_grace: float = 7200.0
    sweep_overdue: float = 93_600.0
    silence: float = 300.0
    doorbell: str = ""
    check_doorbell: str = ""
    repair_doorbell: str = ""
    saga_doorbell: str = ""
    # A function that is given the subjects of sagas, and returns the address of each one's page.
    subject_pages: str = ""
    seal_keys: Sequence[str] = ()
    # Who is told of incidents: e-mail addresses, and addresses as Apprise writes them.
    alert_addresses: Sequence[str] = ()
    # A page of a watcher outside that is asked for after each sweep, and misses it otherwise.
    alive_url: str = ""
    # What alerts call this site, and the base of their links to its admin.
    site_name: str = ""
    site_url: str = ""


def config() -> Config:
    given: Mapping[str, object] = getattr(settings, "INTEGRITY", {})
    return Config(**{name.lower(): value for name, value in given.items()})  # type: ignore[arg-type]


def unknown_settings() -> list[str]:
    known = {field.name.upper() for field in fields(Config)}
    return sorted(set(getattr(settings, "INTEGRITY", {})) - known)
