"""`manage.py outbox`: see, deliver and retry promised effects."""

import signal
import threading
from datetime import UTC, datetime
from types import FrameType
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min, Q
from django.db.models.functions import Now

from integrity import cli
from integrity.audit import command_actor
from integrity.dead_effects import retry_dead
from integrity.heartbeats import RELAY, stand_in
from integrity.models import EffectCount, OutboxMessage
from integrity.outbox import effects
from integrity.registry import UnknownName
from integrity.relay import Delivered, deliver_due

State = OutboxMessage.State
AT_ONCE = 1000


class Command(cli.VerbCommand):
    help = "See, deliver and retry promised effects."

    def add_verbs(self) -> None:
        listing = self.add_verb("list", "List waiting and dead messages, oldest first.")
        listing.add_argument("--state", choices=State.values)
        listing.add_argument("--effect")
        listing.add_argument("--limit", type=cli.positive, default=50)
        relay = self.add_verb("relay", "Deliver what is due.")
        relay.add_argument("--loop", action="store_true", help="go on until interrupted")
        relay.add_argument("--every", type=cli.seconds, default=1.0, metavar="SECONDS")
        relay.add_argument("--batch", type=cli.positive, default=100)
        retry = self.add_verb("retry", "Give dead messages another twelve attempts.")
        retry.add_argument("uids", nargs="*", metavar="UID", type=UUID)
        retry.add_argument("--effect", help="all dead messages of this effect")
        retry.add_argument("--reason", required=True)
        self.add_verb("stats", "Count messages by effect and state.")

    def verb_list(self, options: dict[str, Any]) -> int:
        messages = OutboxMessage.objects.order_by("pk")
        for name in ("state", "effect"):
            if options[name]:
                messages = messages.filter(**{name: options[name]})
        self.show(options, [_line(message) for message in messages[: options["limit"]]])
        left = messages.count() - options["limit"]
        if left > 0:
            self.say(f"{left:,} more; raise --limit to see them.")
        return cli.HOLDS

    def verb_relay(self, options: dict[str, Any]) -> int:
        batch = options["batch"]
        stand_in(RELAY)
        total = self._loop(batch, options["every"]) if options["loop"] else deliver_due(batch=batch)
        self.show(
            options, [{"delivered": total.count, "to_retry": total.retried, "dead": total.dead}]
        )
        return cli.FOUND if total.dead else cli.HOLDS

    def _loop(self, batch: int, every: float) -> Delivered:
        """Deliver until SIGINT or SIGTERM; a batch that has begun is finished first."""
        stopped = threading.Event()

        def stop(number: int, frame: FrameType | None) -> None:
            stopped.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        self.say("Delivering; Ctrl-C stops after the batch in hand.")
        total = Delivered()
        while not stopped.is_set():
            stand_in(RELAY)
            delivered = deliver_due(batch=batch, limit=batch)
            total = total.plus(delivered)
            if delivered.handled < batch:
                stopped.wait(every)
        return total

    def verb_retry(self, options: dict[str, Any]) -> int:
        named, effect = sorted(set(options["uids"])), options["effect"]
        if bool(named) == bool(effect):
            raise cli.usage("Name the messages by UID, or all of an effect by --effect.")
        by, retried = command_actor(options["reason"]), 0
        uids = named or _dead(effect)
        for start in range(0, len(uids), AT_ONCE):
            retried += retry_dead(uids=uids[start : start + AT_ONCE], by=by)
        self.show(options, [{"retried": retried}])
        if missing := len(named) and len(named) - retried:
            self.say(f"{missing} of the named messages are not dead; nothing was done to them.")
        return cli.REFUSED if missing else cli.HOLDS

    def verb_stats(self, options: dict[str, Any]) -> int:
        self.show(options, _stats())
        return cli.HOLDS


def _dead(effect: str) -> list[UUID]:
    """Of an effect that is declared no more there may be dead messages still."""
    dead = OutboxMessage.objects.filter(state=State.DEAD, effect=effect)
    uids = list(dead.order_by("pk").values_list("uid", flat=True))
    if not uids:
        try:
            effects.get(effect)
        except UnknownName as error:
            raise cli.usage(str(error)) from error
    return uids


def _line(message: OutboxMessage) -> dict[str, Any]:
    return {
        "uid": message.uid,
        "effect": message.effect,
        "state": message.state,
        "attempts": message.attempts,
        "next_try": f"{message.available_at:%Y-%m-%d %H:%M:%S}Z"
        if message.state != State.DEAD
        else None,
        "last_error": message.last_error or None,
    }


def _stats() -> list[dict[str, Any]]:
    waiting = OutboxMessage.objects.values("effect").annotate(
        pending=Count("pk", filter=Q(state=State.PENDING)),
        leased=Count("pk", filter=Q(state=State.LEASED)),
        dead=Count("pk", filter=Q(state=State.DEAD)),
        oldest=Min("created_at", filter=~Q(state=State.DEAD)),
        now=Max(Now()),
    )
    by_effect = {each["effect"]: each for each in waiting}
    today = dict(
        EffectCount.objects.filter(day=datetime.now(UTC).date()).values_list("effect", "delivered")
    )
    return [
        _stat(name, by_effect.get(name), today.get(name, 0))
        for name in sorted(by_effect.keys() | today.keys())
    ]


def _stat(name: str, row: dict[str, Any] | None, today: int) -> dict[str, Any]:
    oldest = row and row["oldest"] and (row["now"] - row["oldest"]).total_seconds()
    counts = {state: row[state] if row else 0 for state in ("pending", "leased", "dead")}
    return {
        "effect": name,
        **counts,
        "oldest_seconds": oldest and int(oldest),
        "delivered_today": today,
    }
