"""In Django's own admin, without Celery: plan a repair, look, approve, apply, see it done, undo it."""
# ruff: noqa: T201

import django

django.setup()

from uuid import uuid4  # noqa: E402

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from integrity.models import OutboxMessage, RepairPlan  # noqa: E402

client = Client()
client.force_login(User.objects.get(username="ada"))
note = OutboxMessage.objects.create(
    effect="bare.note", key="", state="dead", payload={}, dead_at=timezone.now()
)
HOME = "/admin/integrity"


def text(url, **fields):
    answer = client.post(url, fields, follow=True) if fields else client.get(url)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def do(verb, said, **fields):
    plan = RepairPlan.objects.get()
    held = {"version": plan.version, "hash": plan.hash}
    assert all(f'value="{each}"' in text(f"{page}/{verb}/") for each in held.values()), verb
    fields = {"operation": uuid4(), "reason": "a key is missing", **held, **fields}
    assert said in text(f"{page}/{verb}/", **fields), verb
    plan.refresh_from_db()
    return plan.state


mending = f"{HOME}/repair/bare.give_notes_a_key"
for place in ("repair/", f"{mending.removeprefix(HOME)[1:]}/change/", "repairplan/"):
    assert "Repair" in text(f"{HOME}/{place}"), place
assert "Unattended" in text(f"{HOME}/repair/")

form = {"operation": uuid4(), "reason": "a key is missing", "limit": 10}
assert "Nothing is changed yet" in text(f"{mending}/plan/", **form)
page = f"{HOME}/repairplan/{RepairPlan.objects.get().pk}"
preview = text(f"{page}/change/")
for part in ("Row by row", "begins with 1 row", "/approve/"):
    assert part in preview, part
assert "It would do what it is for" in text(f"{page}/trial/", x=1)

assert do("approve", "Approved.") == "approved"
assert do("apply", "integrity queued") == "running"
call_command("integrity", "queued")
note.refresh_from_db()
assert note.key == str(note.pk)
assert "Done: 1 of 1 changes. The check after it found that the invariant holds" in text(
    f"{page}/change/"
)

assert "Nothing was edited since" in text(f"{page}/undo/")
assert do("undo", "The undo is queued") == "undoing"
call_command("integrity", "queued")
note.refresh_from_db()
assert note.key == ""
assert "Undone: 1 change was put back" in text(f"{page}/change/")
print("undone")
