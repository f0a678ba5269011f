"""Promised effects that wait, and those that were given up. What is sealed stays sealed."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from integrity.admin.base import FactsAdmin, utc
from integrity.admin.verbs import ReasonForm, may, verb, verb_of_selection
from integrity.audit import Actor
from integrity.dead_effects import retry_dead
from integrity.models import EffectCount, OutboxMessage

RETRY: dict[str, Any] = {
    "permission": "retry_effect",
    "explain": "Makes it due at once, with twelve new attempts.",
    "submit": "Retry",
}


@admin.register(OutboxMessage)
class OutboxMessageAdmin(FactsAdmin):
    list_display = ["effect", "state", "attempts", "next_try", "last_error", "promised", "key"]
    list_filter = ["state", "effect"]
    search_fields = ["uid__startswith", "key__startswith"]
    search_help_text = "The beginning of an id or of a key."
    ordering = ["-pk"]
    fields = [
        *("uid", "effect", "key", "ordering_key", "state", "attempts", "next_try", "last_error"),
        *("promised", "given_up", "payload", "is_sealed"),
    ]
    promised, given_up = utc("created_at"), utc("dead_at")
    actions = ["retry_selected"]
    actions_detail = ["retry"]
    has_retry_effect_permission = may("integrity.retry_effect")

    @admin.display(description="next try", ordering="available_at")
    def next_try(self, message: OutboxMessage) -> str | None:
        """While it is being delivered: when another takes it, should its holder die."""
        dead = message.state == OutboxMessage.State.DEAD
        return None if dead else f"{message.available_at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="sealed", boolean=True)
    def is_sealed(self, message: OutboxMessage) -> bool:
        return message.sealed is not None

    @verb(title="Retry", **RETRY)
    def retry(self, message: OutboxMessage, form: ReasonForm, by: Actor) -> str:
        return _retried(retry_dead(uids=[message.uid], by=by), of=1)

    @verb_of_selection(title="Retry the selected", **RETRY)
    def retry_selected(self, chosen: QuerySet[OutboxMessage], form: ReasonForm, by: Actor) -> str:
        uids = list(chosen.values_list("uid", flat=True))
        return _retried(retry_dead(uids=uids, by=by), of=len(uids))


def _retried(count: int, *, of: int) -> str:
    if count == of == 1:
        return "The message is due; the relay takes it within seconds."
    return f"{count} of {of} were given up, and are due now. The others were left alone."


@admin.register(EffectCount)
class EffectCountAdmin(FactsAdmin):
    list_display = ["day", "effect", "delivered"]
    list_filter = ["effect"]
    ordering = ["-day", "effect"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[EffectCount]:
        """By the day; the sum of what was purged belongs to none."""
        return super().get_queryset(request).filter(day__gt=EffectCount.EARLIER)
