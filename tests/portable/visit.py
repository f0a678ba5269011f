"""Run in that project: every page of the stock admin answers. Prints what it visited."""
# ruff: noqa: T201

import os

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "desk.settings"
django.setup()

from django.contrib import admin  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from integrity.models import Finding, RepairPlan, Run  # noqa: E402

NAME = "library.shelves_count_their_books"
client = Client()
client.force_login(User.objects.create_superuser("ada"))
models = [
    model._meta.model_name for model in admin.site._registry if "integrity" in model.__module__
]
pages = [
    *(f"/admin/integrity/{name}/" for name in models),
    reverse("admin:integrity_invariant_change", args=[NAME]),
    reverse("admin:integrity_invariant_runbook", args=[NAME]),
    reverse("admin:integrity_invariant_runbook", args=["integrity.no_effect_is_dead"]),
    reverse("admin:integrity_finding_change", args=[Finding.objects.latest("pk").pk]),
    reverse("admin:integrity_run_change", args=[Run.objects.latest("pk").pk]),
    reverse("admin:integrity_repairplan_change", args=[RepairPlan.objects.latest("pk").pk]),
]
for page in pages:
    print(client.get(page).status_code, page)
text = client.get(reverse("admin:integrity_invariant_runbook", args=[NAME])).content.decode()
assert "Count them by hand." in text
queued = client.post(
    reverse("admin:integrity_invariant_check_now", args=[NAME]),
    {"operation": "5b1f2f3e-3c27-4c2e-9d5c-0a4a5d3b8f11", "reason": "to see it"},
    follow=True,
).content.decode()
assert "integrity queued" in queued
