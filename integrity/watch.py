"""The watch over the machinery between two sweeps: who is silent, and what is overdue.

It looks often and writes seldom: a check is recorded only when something has changed, and that
check opens or ends the incident as any other does.
"""

from integrity.audit import Actor
from integrity.evaluate import Report, evaluate
from integrity.leases import AlreadyRunning
from integrity.models import RunResult
from integrity.sweep import check

WATCHED = (
    "integrity.every_process_gives_signs_of_life",
    "integrity.every_sweep_was_made",
    "integrity.every_effect_is_delivered_in_time",
    "integrity.no_effect_is_dead",
    "integrity.every_saga_moves_in_time",
    "integrity.no_saga_needs_a_person",
    "integrity.no_saga_is_stalled",
    "integrity.no_provider_refuses_all",
)


def keep_watch(*, by: Actor) -> Report:
    """Look, and record it if it isn't what was last recorded. What nobody could tell is left to
    the sweep."""
    report = evaluate(WATCHED, current=True)
    told = {each.invariant.name: each.result for each in report.results}
    known = _last_results()
    if any(result not in ("unknown", known.get(name, "holds")) for name, result in told.items()):
        try:
            return check(WATCHED, by=by, current=True).report
        except AlreadyRunning:
            pass  # another one has seen it, too
    return report


def _last_results() -> dict[str, str]:
    last = RunResult.objects.filter(invariant__in=WATCHED, result__in=["holds", "broken"])
    newest = last.order_by("invariant", "-at").distinct("invariant")
    return dict(newest.values_list("invariant", "result"))
