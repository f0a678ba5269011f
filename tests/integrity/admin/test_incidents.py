"""Incidents: listed, told by whom and when, and a test alert that arrives."""

import pytest
from django.core import mail
from django.db.models.functions import Now

from integrity.alerts import KINDS
from integrity.audit import SYSTEM
from integrity.models import AuditEntry, Incident, OutboxMessage, Run
from integrity.relay import deliver_due
from integrity.sweep import check
from tests.integrity.admin.desk import form, operator, page, text
from tests.integrity.toy.models import Book

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def told(setting):
    setting(ALERT_ADDRESSES=["ops@b.example"])


@pytest.fixture
def ann(client):
    user = operator("view_incident", "view_outboxmessage")
    client.force_login(user)
    return user


@pytest.fixture
def incident(lost_books):
    lost_books(owner="library", statement="No book is lost.")
    Book.objects.create(state="lost")
    check(by=SYSTEM)
    return Incident.objects.get()


def listed(client, **filters):
    return text(client.get(page("incident_changelist"), filters))


def shown(client, incident):
    return text(client.get(page("incident_change", incident.pk)))


def test_the_list_shows_what_is_open_first_and_whom_it_was_told(client, ann, incident):
    Incident.objects.create(
        subject="toy.over",
        kind="silent",
        state="resolved",
        severity=3,
        opened_at=Now(),
        resolved_at=Now(),
    )
    answer = client.get(page("incident_changelist"))

    assert [each.subject for each in answer.context["cl"].result_list] == [
        "toy.no_book_is_lost",
        "toy.over",
    ]
    assert "not yet sent" in text(answer)
    deliver_due()
    assert "sent to 1" in listed(client)


def test_the_list_can_be_narrowed_and_searched(client, ann, incident):
    assert "toy.no_book_is_lost" in listed(client, kind__exact="critical")
    assert "toy.no_book_is_lost" not in listed(client, kind__exact="silent")
    assert "toy.no_book_is_lost" in listed(client, q=str(incident.uid)[:8])


def test_the_list_says_where_alerts_go_and_shows_no_address(client, ann, setting):
    assert "Alerts go to mail-" in listed(client)
    assert "ops@" not in listed(client)
    setting(ALERT_ADDRESSES=())
    assert "nobody is told" in listed(client)


def test_the_list_costs_no_query_for_each_row(client, ann, incident, django_assert_max_num_queries):
    for number in range(20):
        Incident.objects.create(
            subject=f"toy.n{number}", kind="silent", state="open", severity=3, opened_at=Now()
        )
    with django_assert_max_num_queries(16):
        listed(client)


def test_its_page_says_what_it_is_about_and_what_to_do(client, ann, incident):
    said = shown(client, incident)

    assert "No book is lost." in said
    assert "library" in said
    assert page("invariant_runbook", "toy.no_book_is_lost") in said
    assert page("incident_runbook", incident.pk) in said
    assert page("run_change", Run.objects.get().pk) in said


@pytest.mark.parametrize("kind", KINDS)
def test_what_to_do_about_each_kind_can_be_read_beside_it(client, ann, incident, kind):
    Incident.objects.update(kind=kind)
    said = text(client.get(page("incident_runbook", incident.pk)))

    assert f"Alert: {kind}" in said
    for part in ("Symptom.", "How urgent.", "Look.", "Do.", "Undo.", "Escalate."):
        assert f"<strong>{part}</strong>" in said


def test_its_page_shows_each_change_and_what_became_of_its_message(client, ann, incident):
    assert "waiting" in shown(client, incident)
    deliver_due()
    assert "sent to mail-" in shown(client, incident)
    Book.objects.update(state="done")
    check(by=SYSTEM)
    OutboxMessage.objects.update(state="dead", dead_at=Now(), last_error="TryAgain: no")
    said = shown(client, incident)
    assert "given up" in said
    assert "TryAgain: no" in said


def test_its_page_says_that_nobody_was_told(client, ann, lost_books, setting):
    setting(ALERT_ADDRESSES=())
    lost_books()
    Book.objects.create(state="lost")
    check(by=SYSTEM)

    assert "told to nobody" in shown(client, Incident.objects.get())


def test_it_is_for_reading(client, ann, incident):
    assert client.post(page("incident_change", incident.pk), form()).status_code == 403
    assert client.get(page("incident_add")).status_code == 403


class TestATestAlert:
    @pytest.fixture
    def bea(self, client):
        client.force_login(operator("view_incident", "send_test_alert"))

    def test_arrives_once_for_one_form_and_is_audited(self, client, bea):
        filled = form()
        for _ in range(2):
            client.post(page("incident_send_test"), filled)
        deliver_due()

        [letter] = mail.outbox
        assert "TEST" in letter.subject
        assert AuditEntry.objects.get().verb == "integrity.test_alert_sent"

    def test_says_what_is_missing(self, client, bea, setting):
        setting(ALERT_ADDRESSES=())

        assert "No address is set" in text(client.post(page("incident_send_test"), form()))
        assert not AuditEntry.objects.exists()
