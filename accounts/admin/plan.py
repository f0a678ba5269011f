"""What couples ask of their plan: each intent, what became of it, and where it is now."""

from django.contrib import admin

from accounts.admin.billing import OfAPerson
from accounts.admin.facts import link
from accounts.billing.plan import CARRY_OUT
from accounts.models import PlanChange
from integrity.admin.base import utc
from integrity.audit import subject_of
from integrity.models import OutboxMessage


@admin.register(PlanChange)
class PlanChangeAdmin(OfAPerson):
    list_display = ["person", "kind", "state", "reason", "asked", "answered"]
    list_display_links = ["kind"]
    list_filter = ["kind", "state", "reason"]
    search_fields = ["user__email__startswith", "user__uid", "uid", "=subscription__stripe_id"]
    ordering = ["-created_at"]
    # Without the address of the page for paying: whoever has it may pay.
    fields = [
        *("uid", "person", "kind", "of", "state", "reason", "asked", "answered"),
        *("checkout_id", "effect", "audit_log"),
    ]
    asked, answered = utc("created_at"), utc("answered_at")

    @admin.display(description="subscription")
    def of(self, change: PlanChange) -> str | None:
        name = change.subscription_id
        return name and link(name, page="accounts_subscription_change", pk=name)

    @admin.display(description="effect")
    def effect(self, change: PlanChange) -> str | None:
        """What carries it to Stripe, until it is there."""
        waiting = OutboxMessage.objects.filter(effect=CARRY_OUT, key=str(change.uid)).first()
        if waiting is None:
            return None
        return link(waiting.state, page="integrity_outboxmessage_change", pk=waiting.pk)

    @admin.display(description="audit log")
    def audit_log(self, change: PlanChange) -> str:
        about = f"?subject={subject_of(change)}"
        return link("Who asked for it", page="integrity_auditentry_changelist", query=about)
