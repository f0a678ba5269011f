import uuid

import pytest
from django.db import IntegrityError

from integrity.audit import SYSTEM, Actor, audit, command_actor, request_id, task_actor
from integrity.models import AuditEntry, OutboxMessage
from integrity.sqlstate import constraint_name
from integrity.transactions import TransactionRequired, transaction
from tests.database import execute

pytestmark = pytest.mark.django_db(transaction=True)
OPERATOR = Actor("operator", "0b6b", "a ticket asks for it", via="admin")
SUBJECT = OutboxMessage(pk=7, uid=uuid.UUID(int=1))


def record(by=OPERATOR, **fields):
    with transaction():
        audit("test.verb", by=by, subject=SUBJECT, **fields)


class TestRecording:
    def test_it_says_who_did_what_to_which_object_and_why(self):
        token = request_id.set("req-1")
        record(detail={"user": uuid.UUID(int=2), "count": 3})
        request_id.reset(token)

        entry = AuditEntry.objects.get()
        assert (entry.actor_kind, entry.actor_id, entry.via) == ("operator", "0b6b", "admin")
        assert (entry.verb, entry.reason) == ("test.verb", "a ticket asks for it")
        assert entry.subject == f"integrity.outboxmessage:{uuid.UUID(int=1)}"
        assert entry.detail == {"user": str(uuid.UUID(int=2)), "count": 3}
        assert entry.request_id == "req-1"

    def test_it_needs_the_transaction_of_what_it_records(self):
        with pytest.raises(TransactionRequired):
            audit("test.verb", by=OPERATOR, subject=SUBJECT)

    def test_it_goes_with_what_it_records(self):
        with pytest.raises(LookupError), transaction():
            audit("test.verb", by=OPERATOR, subject=SUBJECT)
            raise LookupError

        assert not AuditEntry.objects.exists()

    @pytest.mark.parametrize("by", [OPERATOR, command_actor("why"), task_actor("t")])
    def test_operators_commands_and_tasks_are_recorded(self, by):
        record(by=by)

        assert AuditEntry.objects.get().actor_kind == by.kind

    @pytest.mark.parametrize("by", [Actor("user", "0b6b"), SYSTEM])
    def test_what_people_do_to_their_own_is_not(self, by):
        record(by=by)

        assert not AuditEntry.objects.exists()


class TestActors:
    @pytest.mark.parametrize(("kind", "via"), [("oprator", "web"), ("operator", "amin")])
    def test_a_misspelt_one_does_not_go_unaudited(self, kind, via):
        with pytest.raises(ValueError, match="no actor"):
            Actor(kind, "0b6b", via=via)

    def test_a_command_is_run_by_somebody_on_the_machine(self, monkeypatch):
        monkeypatch.setattr("getpass.getuser", lambda: "ada")

        assert command_actor("why") == Actor("command", "ada", "why", via="cli")

    def test_a_process_without_a_name_has_a_number(self, monkeypatch):
        def nameless():
            raise KeyError("getpwuid(): uid not found: 12345")

        monkeypatch.setattr("getpass.getuser", nameless)

        assert command_actor().id.startswith("uid ")


class TestAppendOnly:
    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE integrity_auditentry SET reason = ''",
            "DELETE FROM integrity_auditentry",
            "TRUNCATE integrity_auditentry",
            "TRUNCATE integrity_auditentry CASCADE",
            "INSERT INTO integrity_auditentry SELECT * FROM integrity_auditentry"
            " ON CONFLICT (id) DO UPDATE SET reason = ''",
            "WITH gone AS (DELETE FROM integrity_auditentry RETURNING *) SELECT count(*) FROM gone",
            "MERGE INTO integrity_auditentry USING (SELECT) AS once ON true"
            " WHEN MATCHED THEN DELETE",
        ],
    )
    @pytest.mark.parametrize("role", ["origin", "replica", "local"])
    def test_the_database_refuses_every_change(self, change, role):
        record()
        execute(f"SET session_replication_role = {role}")

        with pytest.raises(IntegrityError) as refused:
            execute(change)

        assert constraint_name(refused.value) == "integrity_audit_is_append_only"
        assert AuditEntry.objects.get().reason == OPERATOR.reason

    def test_the_triggers_are_on_for_every_session(self):
        enabled = execute(
            "SELECT tgname, tgenabled FROM pg_trigger"
            " WHERE tgrelid = 'integrity_auditentry'::regclass AND NOT tgisinternal ORDER BY 1"
        )

        assert enabled == [
            ("integrity_audit_keeps_rows", "A"),
            ("integrity_audit_keeps_table", "A"),
        ]
