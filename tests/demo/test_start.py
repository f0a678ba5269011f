"""The demo's first page: what is broken, where to look, and how to begin anew."""

import io

import pytest
from django.core.management.base import OutputWrapper

from accounts.models import Profile
from demo.contents import prepare
from demo.faults import FAULTS
from integrity.audit import SYSTEM
from integrity.leases import begin
from integrity.models import Finding, Run
from tests.factories import CoupleFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def debugging(settings):
    settings.DEBUG = True


@pytest.fixture
def demo():
    prepare(couples=10, out=OutputWrapper(io.StringIO()))


def shown(client):
    return " ".join(client.get("/demo/").content.decode().split())


def test_it_names_each_fault_and_leads_to_it(client, demo):
    page = shown(client)
    for fault in FAULTS:
        assert fault.title in page
        assert f"/admin/integrity/invariant/{fault.invariant}/change/" in page
    assert page.count(" found.</strong>") == len(FAULTS)
    assert "/admin/integrity/overview/" in page


def test_it_says_what_is_mended(client, demo):
    Finding.objects.filter(invariant=FAULTS[0].invariant).delete()
    page = shown(client)
    assert page.count("Nothing of it is left.") == 1
    assert page.count(" found.</strong>") == len(FAULTS) - 1


def test_planting_them_again_breaks_what_was_mended(client, demo):
    Profile.objects.filter(email__startswith="former.").update(email="mended@example.com")
    answer = client.post("/demo/plant/", follow=True)
    assert "a check has found them" in answer.content.decode()
    assert Profile.objects.filter(email__startswith="former.").count() == 2


def test_a_check_that_is_at_work_is_said(client, demo):
    begin(kind=Run.Kind.CHECK, scope="all", by=SYSTEM)
    answer = client.post("/demo/plant/", follow=True)
    assert "A check is at work" in answer.content.decode()


def test_a_link_plants_nothing(client, demo):
    assert client.get("/demo/plant/").status_code == 405


def test_without_debug_nothing_can_be_planted(client, demo, settings):
    settings.DEBUG = False
    Profile.objects.filter(email__startswith="former.").update(email="mended@example.com")
    assert "Plant them again" not in shown(client)
    assert client.post("/demo/plant/").status_code == 404
    assert not Profile.objects.filter(email__startswith="former.").exists()


def test_data_that_is_not_the_demo_s_can_not_be_broken(client):
    CoupleFactory()
    assert "broken on purpose" not in shown(client)
    assert client.post("/demo/plant/").status_code == 404
