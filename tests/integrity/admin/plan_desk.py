"""A repair, and an operator who may do everything with it, for the tests of its pages."""

import pytest

from integrity.models import RepairPlan
from tests.integrity.admin.desk import form, operator, page
from tests.integrity.repair.conftest import authors as authors
from tests.integrity.repair.conftest import drifted_pages as drifted_pages

COPY = "toy.copy_addresses"
VERBS = ("plan", "try", "approve", "apply", "pause", "resume", "cancel", "force", "undo", "reveal")


@pytest.fixture
def ann(client):
    """May do everything with repairs."""
    looks = ("view_repair", "view_repairplan", "view_run", "view_invariant", "view_finding")
    user = operator(*looks, *(f"{verb}_repair" for verb in VERBS))
    client.force_login(user)
    return user


@pytest.fixture
def drifted(drifted_pages, authors):
    drifted_pages()
    return authors(3, pages=True)


def at(plan):
    return page("repairplan_change", plan.pk)


def do(client, verb, plan, **fields):
    """As a browser does: ask for the dialog, and send what it holds."""
    url = page(f"repairplan_{verb}", plan.pk)
    dialog = client.get(url)
    assert dialog.status_code == 200
    held = dialog.context["form"].initial
    sent = form(version=held["version"], hash=held["hash"]) | fields
    return client.post(url, sent, follow=True)


def offered(client, plan):
    return {each["name"] for each in client.get(at(plan)).context["verbs"]}


def fresh(plan):
    return RepairPlan.objects.get(pk=plan.pk)
