"""Take the next saga that is due. One at a time: whoever dies is to blame for one only."""

from datetime import timedelta
from typing import Any

from django.db import connection

from integrity.conf import config
from integrity.models import Saga
from integrity.saga.definition import sagas
from integrity.saga.held import this_worker

UNKNOWN_FOR = timedelta(hours=1)


def claim() -> Saga | None:
    """A saga that is due, with a lease and a fence of its own; None when there is nothing to do.

    Those that have begun come before those that haven't, so that a burst of new ones holds up none
    that is half-way. `died` is true where the worker before has let the lease run out.
    """
    values = {
        "known": known(),
        "lease": timedelta(seconds=config().saga_lease),
        "owner": this_worker(),
    }
    return next(iter(Saga.objects.raw(_CLAIM, values)), None)


def known() -> list[str]:
    """Every step that this code can take, and, without a step, every saga that it can end."""
    return [
        f"{each.name}/{step}"
        for each in sagas
        for step in ("", *(step.name for step in each.steps))
    ]


# A worker of an older or a newer release leaves alone what it doesn't know.
_KNOWN = """
(kind || '/' || version || '/' || coalesce((
    SELECT name FROM integrity_sagastep AS step
    WHERE step.saga_id = saga.id AND step.position = saga.position
), ''))
"""
_DUE = f"""
    SELECT id, wait = 'at_work' AS died FROM integrity_saga AS saga
    WHERE state IN ('running', 'compensating') AND wake_at <= now()
      AND NOT EXISTS (SELECT FROM integrity_pausedkind AS paused WHERE paused.kind = saga.kind)
      AND {{which}} AND {_KNOWN} = ANY(%(known)s)
    ORDER BY wake_at, id LIMIT 1
    FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - of constants
_CLAIM = f"""
WITH due AS (
    WITH begun AS ({_DUE.format(which="started_at IS NOT NULL")}),
    fresh AS ({_DUE.format(which="started_at IS NULL AND NOT EXISTS (SELECT FROM begun)")})
    SELECT * FROM begun UNION ALL SELECT * FROM fresh
)
UPDATE integrity_saga AS saga
SET fence = fence + 1, owner = %(owner)s, wake_at = now() + %(lease)s, wait = 'at_work',
    started_at = coalesce(started_at, now()), crashes = crashes + died::int, updated_at = now()
FROM due WHERE saga.id = due.id
RETURNING saga.*, due.died
"""  # noqa: S608 - of constants


def park_unknown() -> int:
    """Sagas that no worker took for an hour, at a step that this code doesn't know: a person has to
    say what becomes of them. Returns how many."""
    values: dict[str, Any] = {"known": known(), "since": UNKNOWN_FOR}
    with connection.cursor() as cursor:
        cursor.execute(_PARK, values)
        return int(cursor.rowcount)


_PARK = f"""
WITH due AS (
    SELECT id FROM integrity_saga AS saga
    WHERE state IN ('running', 'compensating') AND wake_at <= now() - %(since)s
      AND {_KNOWN} <> ALL(%(known)s)
    ORDER BY id LIMIT 100
    FOR UPDATE SKIP LOCKED
), parked AS (
    UPDATE integrity_saga AS saga
    SET state = 'attention', attention = 'unknown_step', parked_from = state, owner = '',
        fence = fence + 1, updated_at = now()
    FROM due WHERE saga.id = due.id
    RETURNING saga.id, saga.fence
)
INSERT INTO integrity_sagaevent (saga_id, at, fence, event, step, actor_kind, actor_id, detail)
SELECT id, now(), fence, 'attention', '', 'system', 'system', '{{"why": "unknown_step"}}'
FROM parked
"""  # noqa: S608 - of constants
