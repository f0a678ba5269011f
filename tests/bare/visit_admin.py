"""Retry a dead message in Django's own admin: see the link, be asked why, say it."""
# ruff: noqa: T201

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.test import Client  # noqa: E402

from integrity.models import AuditEntry, OutboxMessage  # noqa: E402

client = Client()
client.force_login(User.objects.create_superuser("ada"))
message = OutboxMessage.objects.get(state="dead")
page = f"/admin/integrity/outboxmessage/{message.pk}"
FORM = {"operation": "5b1f2f3e-3c27-4c2e-9d5c-0a4a5d3b8f11", "reason": "they moved in"}
STATES = OutboxMessage.objects.values_list("state", flat=True)


def text(url, **fields):
    answer = client.post(url, fields, follow=True) if fields else client.get(url)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


for name in ("outboxmessage", "auditentry", "flowoutcome", "effectcount"):
    assert "nobody lives there" in text(f"/admin/integrity/{name}/") or name != "outboxmessage"
assert f"{page}/retry/" in text(f"{page}/change/")
assert "with twelve new attempts" in text(f"{page}/retry/")
assert "This field is required" in text(f"{page}/retry/", reason="")
assert STATES.get() == "dead"

chosen = {"action": "retry_selected", "_selected_action": message.pk}
assert "1 selected." in text("/admin/integrity/outboxmessage/", **chosen)
assert STATES.get() == "dead"

assert "The message is due" in text(f"{page}/retry/", **FORM)
assert STATES.get() == "pending"
assert AuditEntry.objects.get().reason == "they moved in"
print("retried")
