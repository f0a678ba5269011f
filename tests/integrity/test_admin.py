import uuid

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from integrity.audit import audit, command_actor
from integrity.flows import flow
from integrity.models import AuditEntry, FlowOutcome, OutboxMessage
from integrity.outbox import Permanent
from integrity.relay import deliver_due
from integrity.transactions import transaction
from tests.factories import OperatorFactory
from tests.integrity.mailroom import promise, row
from tests.rivals import rival

pytestmark = pytest.mark.django_db(transaction=True)
LIST = reverse("admin:integrity_outboxmessage_changelist")
IN_DIALOG = {"HX-Request": "true"}


def page(message):
    return reverse("admin:integrity_outboxmessage_change", args=[message.pk])


def retry_of(message):
    return reverse("admin:integrity_outboxmessage_retry", args=[message.pk])


def operator(*permissions):
    user = OperatorFactory(is_superuser=False)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    assert user.user_permissions.count() == len(permissions)
    return user


@pytest.fixture
def retrier(client):
    """May look and retry."""
    user = operator("view_outboxmessage", "retry_effect")
    client.force_login(user)
    return user


@pytest.fixture
def dead(post):
    """Two messages that were given up."""
    post.fails_with(Permanent("no such mailbox"))
    promise("a", "b", payload={"user": 7}, sealed={"to": "ada@example.com"})
    deliver_due()
    return [row("a"), row("b")]


def states():
    return list(OutboxMessage.objects.order_by("key").values_list("state", flat=True))


def form(reason="the mailbox is back", **fields):
    return {"operation": uuid.uuid4(), "reason": reason, **fields}


class TestFacts:
    def test_the_list_says_what_waits_and_why(self, client, retrier, dead):
        answer = client.get(LIST, {"state__exact": "dead"}).content.decode()

        for word in ("test.note", "given up", "Permanent: no such mailbox"):
            assert word in answer

    def test_what_is_sealed_stays_sealed(self, client, retrier, dead):
        sealed = bytes(dead[0].sealed).decode()

        for url in (LIST, page(dead[0]), retry_of(dead[0])):
            answer = client.get(url).content.decode()
            assert "ada@example.com" not in answer
            assert sealed[:20] not in answer

    def test_nobody_changes_or_deletes_a_message_there(self, client, dead):
        client.force_login(OperatorFactory())

        assert client.post(page(dead[0]), {"state": "pending"}).status_code == 403
        delete = reverse("admin:integrity_outboxmessage_delete", args=[dead[0].pk])
        assert client.post(delete, {"post": "yes"}).status_code == 403
        assert client.get(reverse("admin:integrity_outboxmessage_add")).status_code == 403
        assert states() == ["dead", "dead"]

    def test_looking_needs_a_permission(self, client, dead):
        client.force_login(operator())

        assert client.get(LIST).status_code == 403
        assert client.get(page(dead[0])).status_code == 403

    def test_audit_log_and_flows_can_be_read_and_filtered(self, client, dead):
        flow("test.flow")(lambda: None)()
        with transaction():
            audit("test.verb", by=command_actor("a reason"), subject=dead[0])
        client.force_login(operator("view_auditentry", "view_flowoutcome", "view_effectcount"))

        log = reverse("admin:integrity_auditentry_changelist")
        outcomes = reverse("admin:integrity_flowoutcome_changelist")
        assert "a reason" in client.get(log, {"verb": "test.verb"}).content.decode()
        assert "a reason" not in client.get(log, {"verb": "another"}).content.decode()
        assert (
            "a reason"
            in client.get(log, {"q": f"integrity.outboxmessage:{dead[0].uid}"}).content.decode()
        )
        assert "test.flow" in client.get(outcomes, {"outcome__exact": "committed"}).content.decode()
        assert client.get(reverse("admin:integrity_effectcount_changelist")).status_code == 200
        for entry in (AuditEntry.objects.get(), FlowOutcome.objects.first()):
            name = f"admin:integrity_{entry._meta.model_name}_change"
            assert client.get(reverse(name, args=[entry.pk])).status_code == 200
            assert client.post(reverse(name, args=[entry.pk])).status_code == 403


class TestRetryingOne:
    def test_its_page_leads_to_the_dialog(self, client, retrier, dead):
        assert retry_of(dead[0]) in client.get(page(dead[0])).content.decode()

        dialog = client.get(retry_of(dead[0]), headers=IN_DIALOG).content.decode()

        assert 'id="dialog"' in dialog
        assert 'name="reason"' in dialog
        assert "<html" not in dialog
        assert states() == ["dead", "dead"]

    def test_without_scripts_the_dialog_is_a_page(self, client, retrier, dead):
        answer = client.get(retry_of(dead[0])).content.decode()

        assert "<html" in answer
        assert 'name="reason"' in answer
        assert "with twelve new attempts" in answer

    def test_with_a_reason_it_is_due_again_and_recorded(self, client, retrier, dead):
        answer = client.post(retry_of(dead[0]), form(), follow=True)

        assert answer.redirect_chain == [(page(dead[0]), 302)]
        assert "The message is due" in answer.content.decode()
        message = row("a")
        assert (message.state, message.attempts, message.dead_at) == ("pending", 0, None)
        assert states() == ["pending", "dead"]
        entry = AuditEntry.objects.get()
        assert (entry.actor_kind, entry.actor_id, entry.via) == (
            "operator",
            str(retrier.uid),
            "admin",
        )
        assert (entry.verb, entry.reason) == ("integrity.effect_retried", "the mailbox is back")
        assert entry.subject == f"integrity.outboxmessage:{message.uid}"

    def test_the_record_has_the_name_of_the_request(self, client, retrier, dead):
        answer = client.post(retry_of(dead[0]), form())

        assert AuditEntry.objects.get().request_id == answer.headers["X-Request-Id"]

    def test_the_dialog_sends_its_page_on(self, client, retrier, dead):
        answer = client.post(retry_of(dead[0]), form(), headers=IN_DIALOG)

        assert answer.headers["HX-Redirect"] == page(dead[0])

    @pytest.mark.parametrize("headers", [{}, IN_DIALOG])
    def test_without_a_reason_nothing_happens(self, client, retrier, dead, headers):
        answer = client.post(retry_of(dead[0]), form(reason=" "), headers=headers)

        assert "This field is required" in answer.content.decode()
        assert states() == ["dead", "dead"]

    def test_it_needs_a_permission_of_its_own(self, client, dead):
        client.force_login(operator("view_outboxmessage", "change_outboxmessage"))

        assert retry_of(dead[0]) not in client.get(page(dead[0])).content.decode()
        assert client.get(retry_of(dead[0])).status_code == 403
        assert client.post(retry_of(dead[0]), form()).status_code == 403
        assert states() == ["dead", "dead"]

    def test_it_needs_a_token(self, retrier, dead):
        client = Client(enforce_csrf_checks=True)
        client.force_login(retrier)

        assert client.post(retry_of(dead[0]), form()).status_code == 403
        assert states() == ["dead", "dead"]

    @pytest.mark.parametrize("key", ["999999", "nonsense"])
    def test_what_is_not_there_is_not_found(self, client, retrier, key):
        url = reverse("admin:integrity_outboxmessage_retry", args=[key])

        assert client.get(url).status_code == 404
        assert client.post(url, form()).status_code == 404

    def test_what_is_not_dead_is_left_alone(self, client, retrier, dead):
        client.post(retry_of(dead[0]), form())
        due = row("a").available_at

        answer = client.post(retry_of(dead[0]), form(), follow=True)

        assert "left alone" in answer.content.decode()
        assert row("a").available_at == due

    @pytest.mark.parametrize("headers", [{}, IN_DIALOG])
    def test_when_others_hold_it_the_dialog_says_so_and_keeps_the_reason(
        self, client, retrier, dead, setting, headers
    ):
        setting(LOCK_TIMEOUT=0.02)

        with rival() as other:
            other("BEGIN")
            other("SELECT FROM integrity_outboxmessage FOR UPDATE")
            answer = client.post(retry_of(dead[0]), form(), headers=headers)

        assert "Nothing was changed" in answer.content.decode()
        assert "the mailbox is back" in answer.content.decode()
        assert states() == ["dead", "dead"]


class TestRetryingTheSelected:
    def choose(self, client, *messages, **fields):
        keys = [message.pk for message in messages]
        chosen = {"action": "retry_selected", ACTION_CHECKBOX_NAME: keys}
        return client.post(LIST, {**chosen, **fields}, follow=True)

    def test_it_asks_why_before_it_does_anything(self, client, retrier, dead):
        answer = self.choose(client, *dead).content.decode()

        assert 'name="reason"' in answer
        assert "2 selected." in answer
        assert states() == ["dead", "dead"]

    def test_with_a_reason_each_is_due_again_and_recorded(self, client, retrier, dead):
        answer = self.choose(client, *dead, **form())

        assert "2 of 2 were given up" in answer.content.decode()
        assert states() == ["pending", "pending"]
        assert AuditEntry.objects.count() == 2

    def test_all_is_what_there_was_when_the_question_was_asked(self, client, retrier, dead):
        question = self.choose(client, dead[0], select_across="1").content.decode()

        assert question.count(f'name="{ACTION_CHECKBOX_NAME}"') == 2
        assert "select_across" not in question

    def test_more_than_fits_into_one_form_is_refused(self, client, retrier, dead, monkeypatch):
        monkeypatch.setattr("integrity.admin.verbs.LARGEST_SELECTION", 1)

        assert "more than 1 at once" in self.choose(client, *dead).content.decode()

    def test_it_needs_the_same_permission(self, client, dead):
        client.force_login(operator("view_outboxmessage"))

        self.choose(client, *dead, **form())

        assert states() == ["dead", "dead"]
