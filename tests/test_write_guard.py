"""The guard sees two writes that belong into a flow, and nothing else."""

import pytest
from celery import shared_task
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db.transaction import atomic
from django.http import HttpResponse
from django.urls import path

from integrity.audit import SYSTEM
from integrity.flows import flow
from integrity.models import Operation
from integrity.outbox import enqueue
from tests import write_guard

pytestmark = pytest.mark.django_db(transaction=True)


def write(key):
    Operation.objects.create(flow="guard", key=key)


def write_twice(*_, **__):
    write("one")
    write("two")
    return HttpResponse()


@flow("guard.write_twice")
def write_twice_in_a_flow(*, by):
    write_twice()


urlpatterns = [path("twice/", write_twice)]


@shared_task
def task_that_writes_twice():
    write_twice()


class CommandThatWritesTwice(BaseCommand):
    def handle(self, *args, **options):
        write_twice()


def complaints_about(block):
    with write_guard.guarded("A test"):
        block()
    return write_guard.take()


class TestItComplains:
    def test_about_two_writes(self):
        assert complaints_about(write_twice) == [
            "A test wrote integrity_operation, then integrity_operation outside a flow."
        ]

    def test_about_a_write_and_a_promised_effect_in_a_bare_transaction(self):
        def block():
            with atomic():
                write("one")
                enqueue("accounts.mail", key="guard")

        assert "then integrity_outboxmessage" in complaints_about(block)[0]

    def test_about_a_request(self, client, settings):
        settings.ROOT_URLCONF = __name__
        settings.MIDDLEWARE = []
        client.get("/twice/")

        assert write_guard.take()[0].startswith("GET /twice/ wrote")

    def test_about_a_command(self):
        call_command(CommandThatWritesTwice())

        assert "The command tests.test_write_guard wrote" in write_guard.take()[0]

    @pytest.mark.parametrize("start", ["__call__", "apply"])
    def test_about_a_task_however_it_starts(self, start):
        getattr(task_that_writes_twice, start)()

        assert "task_that_writes_twice wrote" in write_guard.take()[0]


class TestItIsSilent:
    def test_about_one_write(self):
        assert not complaints_about(lambda: write("one"))

    def test_about_a_flow(self):
        assert not complaints_about(lambda: write_twice_in_a_flow(by=SYSTEM))

    def test_about_what_a_request_of_a_command_writes_by_itself(self):
        def block():
            write("one")
            with write_guard.guarded("Inside"):
                write("two")

        assert not complaints_about(block)

    @pytest.mark.parametrize(
        "sql",
        [
            'SELECT 1 FROM "accounts_user" FOR NO KEY UPDATE',
            'SELECT 1 FROM "accounts_user" FOR UPDATE OF "accounts_user"',
            'INSERT INTO "django_session" ("session_key") VALUES (%s)',
            'UPDATE "accounts_user" SET "last_login" = %s WHERE "accounts_user"."id" = %s',
            "WITH due AS (SELECT 1) UPDATE integrity_outboxmessage SET state = 'leased'",
        ],
    )
    def test_about_reads_and_the_frameworks_own_writes(self, sql):
        assert write_guard.written_tables(sql) == []

    @pytest.mark.parametrize(
        ("sql", "table"),
        [
            ('INSERT INTO "a" ("id") VALUES (1) ON CONFLICT DO UPDATE SET x = 1', "a"),
            ('UPDATE "accounts_user" SET "password" = %s', "accounts_user"),
            ("WITH x AS (DELETE FROM onboarding_task RETURNING id) SELECT 1", "onboarding_task"),
            ("DELETE FROM account_emailaddress WHERE id = 1", "account_emailaddress"),
        ],
    )
    def test_but_not_about_these(self, sql, table):
        assert write_guard.written_tables(sql) == [table]
