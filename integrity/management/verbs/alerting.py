"""`integrity alerts` and `watch`: what somebody was told of, and who looks after the watchers."""

from typing import Any

from django.db.models import Prefetch

from integrity import cli
from integrity.addresses import addresses
from integrity.alerts import NoAddress, send_test
from integrity.audit import command_actor
from integrity.invariants import Severity
from integrity.models import Incident, IncidentChange
from integrity.relay import deliver_due
from integrity.watch import keep_watch

State = Incident.State


class AlertingVerbs(cli.VerbCommand):
    def add_alerting_verbs(self) -> None:
        alerts = self.add_verb("alerts", "List incidents and whom they were told; or send a test.")
        alerts.add_argument("what", nargs="?", choices=("list", "test"), default="list")
        alerts.add_argument("--state", choices=(*State.values, "all"), default=State.OPEN)
        alerts.add_argument("--limit", type=cli.positive, default=50)
        alerts.add_argument("--reason", default="", help="of the test, for the audit log")
        self.add_verb(
            "watch",
            "Who is silent, what is overdue: for the machine's own cron. Delivers all that is due.",
        )

    def verb_alerts(self, options: dict[str, Any]) -> int:
        return self._test(options) if options["what"] == "test" else self._list(options)

    def _list(self, options: dict[str, Any]) -> int:
        changes = IncidentChange.objects.select_related("alert").order_by("-pk")
        found = Incident.objects.prefetch_related(Prefetch("changes", changes))
        if options["state"] != "all":
            found = found.filter(state=options["state"])
        newest = found.order_by("-opened_at", "-pk")
        self.show(options, [_line(each) for each in newest[: options["limit"]]])
        left = found.count() - options["limit"]
        if left > 0:
            self.say(f"{left:,} more; raise --limit to see them.")
        told = ", ".join(each.label for each in addresses())
        self.say(f"Alerts go to {told}." if told else str(NoAddress.__doc__))
        return cli.HOLDS

    def _test(self, options: dict[str, Any]) -> int:
        try:
            alert = send_test(by=command_actor(options["reason"]))
        except NoAddress as error:
            raise cli.refused(str(error)) from error
        self.show(options, [{"alert": alert.uid, "to": each.label} for each in addresses()])
        self.say("The relay sends it within seconds. See: manage.py integrity alerts --state all")
        return cli.HOLDS

    def verb_watch(self, options: dict[str, Any]) -> int:
        """A dead worker can't tell that it is dead, so what is found here is delivered here."""
        report = keep_watch(by=command_actor("watch"))
        deliver_due(limit=1000, seconds=60)
        self.show(options, [_watched(each) for each in report.results])
        if report.having("broken"):
            return cli.FOUND
        return cli.UNKNOWN if report.having("unknown") else cli.HOLDS


def _line(each: Incident) -> dict[str, Any]:
    last = next(iter(each.changes.all()), None)
    return {
        "incident": each.uid,
        "state": each.state,
        "kind": each.kind,
        "severity": Severity(each.severity).name.lower(),
        "subject": each.subject,
        "violations": each.count,
        "times": each.times,
        "opened": f"{each.opened_at:%Y-%m-%d %H:%M:%S}Z",
        "resolved": f"{each.resolved_at:%Y-%m-%d %H:%M:%S}Z" if each.resolved_at else None,
        "last_told": _told(last),
    }


def _told(change: IncidentChange | None) -> str | None:
    """Of its last change."""
    if change is None or change.alert is None:
        return None
    told = ", ".join(f"{label} {at}" for label, at in sorted(change.alert.sent.items()))
    return f"{change.step}: {told or 'not yet sent'}"


def _watched(result: Any) -> dict[str, Any]:
    return {
        "invariant": result.invariant.name,
        "result": result.result,
        "what": ", ".join(result.keys) or result.reason,
    }
