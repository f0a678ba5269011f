"""In Django's own admin: see what is broken, and retry a dead message: be asked why, say it."""
# ruff: noqa: T201

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.test import Client  # noqa: E402

from integrity.audit import SYSTEM  # noqa: E402
from integrity.models import AuditEntry, Finding, OutboxMessage, Run  # noqa: E402
from integrity.saga.definition import Local  # noqa: E402
from integrity.saga.definition import saga as declare  # noqa: E402
from integrity.saga.start import start  # noqa: E402
from integrity.transactions import transaction  # noqa: E402

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

steps = [Local(name, run=lambda at: None) for name in ("pack", "go")]
declare(kind="bare.move_out", version=1, title="Move out", steps=tuple(steps))
with transaction():
    saga = start("bare.move_out", subject="ada", by=SYSTEM)
found, run = Finding.objects.get(), Run.objects.filter(scope="all").last()
for place, said in {
    "overview/": "is broken",
    "invariant/": "No promised effect was given up.",
    "invariant/integrity.no_effect_is_dead/change/": "integrity_outboxmessage",
    "finding/": found.subject,
    f"finding/{found.pk}/change/": "does not hold for",
    f"finding/{found.pk}/snooze/": 'type="date"',
    "run/": "succeeded",
    f"run/{run.pk}/change/": "integrity.no_effect_is_dead",
    "saga/": "Move out",
    f"saga/{saga.pk}/change/": "It has not begun; step 1 of 2",
    f"saga/{saga.pk}/compensate/": "Then all is taken back.",
    "auditentry/": "Nothing here.",
}.items():
    assert said in text(f"/admin/integrity/{place}"), place
assert "It is still there now" in text(f"/admin/integrity/finding/{found.pk}/recheck/", x=1)

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
