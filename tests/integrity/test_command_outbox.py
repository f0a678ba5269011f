import json
import signal
import subprocess
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from integrity.models import AuditEntry, OutboxMessage
from integrity.outbox import Permanent
from tests.courier.office import Office
from tests.database import execute
from tests.integrity.mailroom import keys, promise, row
from tests.rivals import rival, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("post")]
REASON = ["--reason", "the mailbox is back"]


@pytest.fixture
def dead(post, manage):
    """Two messages that were given up, and one that waits."""
    post.fails_with(Permanent("no such mailbox"))
    promise("a", "b")
    assert manage("outbox", "relay").code == 1
    post.first = lambda message: None
    promise("c")
    return [row("a"), row("b")]


def states():
    return dict(OutboxMessage.objects.values_list("key", "state"))


class TestList:
    def test_it_says_what_waits_and_what_is_dead_and_why(self, manage, dead):
        ended = manage("outbox", "list")

        heading, *lines = [line.split() for line in ended.out.splitlines()]
        assert heading == ["UID", "EFFECT", "STATE", "ATTEMPTS", "NEXT", "TRY", "LAST", "ERROR"]
        assert [line[2] for line in lines] == ["dead", "dead", "pending"]
        assert lines[0][-4:] == ["Permanent:", "no", "such", "mailbox"]

    def test_by_state_and_effect_as_json(self, manage, dead):
        out = manage(
            *("outbox", "list", "--state", "dead", "--effect", "test.note", "--format", "json")
        ).out

        assert [each["uid"] for each in json.loads(out)] == [str(each.uid) for each in dead]
        assert json.loads(out)[0] == {
            "uid": str(dead[0].uid),
            "effect": "test.note",
            "state": "dead",
            "attempts": 1,
            "next_try": None,
            "last_error": "Permanent: no such mailbox",
        }
        assert manage("outbox", "list", "--effect", "other").out == "none\n"

    def test_what_is_left_out_is_said(self, manage, dead):
        ended = manage("outbox", "list", "--limit", "2")

        assert len(ended.out.splitlines()) == 3
        assert "1 more" in ended.err

    @pytest.mark.parametrize("limit", ["0", "-1", "many"])
    def test_a_senseless_limit_is_a_wrong_call(self, manage, limit):
        assert manage("outbox", "list", "--limit", limit).code == 2


class TestRelay:
    @pytest.mark.parametrize("seconds", ["-1", "nan"])
    def test_a_senseless_pause_is_a_wrong_call(self, manage, seconds):
        assert manage("outbox", "relay", "--every", seconds).code == 2

    def test_it_delivers_what_is_due(self, manage, post):
        promise("a", "b")
        OutboxMessage.objects.filter(key="b").update(available_at=Now() + timedelta(minutes=1))

        ended = manage("outbox", "relay", "--format", "json")

        assert (ended.code, post.keys, keys()) == (0, ["a"], ["b"])
        assert json.loads(ended.out) == [{"delivered": 1, "to_retry": 0, "dead": 0}]

    def test_1_when_something_was_given_up(self, manage, post):
        post.fails_with(Permanent())
        promise("a")

        assert manage("outbox", "relay").code == 1

    def test_it_goes_on_until_it_is_told_to_stop(self, tmp_path):
        office = Office(tmp_path)
        loop = ("manage.py", "outbox", "relay", "--loop", "--every", "0.05")
        process = office.start(*loop, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            for number, key in enumerate("ab", start=1):
                OutboxMessage.objects.create(effect="courier.parcel", key=key)
                wait_until(lambda number=number: len(office.parcels()) == number)
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=20)
        finally:
            office.close()

        assert (process.returncode, "Ctrl-C stops" in err) == (0, True)
        assert out.split()[-3:] == ["2", "0", "0"]
        assert keys() == []

    def test_told_to_stop_it_finishes_the_batch_in_hand(self, tmp_path):
        office = Office(tmp_path)
        office.hold()
        OutboxMessage.objects.create(effect="courier.parcel", key="a")
        process = office.start("manage.py", "outbox", "relay", "--loop", stdout=subprocess.DEVNULL)
        try:
            wait_until(lambda: office.parcels() == ["a 0"])
            process.send_signal(signal.SIGINT)
            office.let_go()
            process.wait(timeout=20)
        finally:
            office.close()

        assert (process.returncode, keys()) == (0, [])


class TestRetry:
    def test_the_named_ones_are_due_again(self, manage, dead):
        ended = manage("outbox", "retry", dead[0].uid, *REASON)

        assert (ended.code, ended.out.split()) == (0, ["RETRIED", "1"])
        assert states() == {"a": "pending", "b": "dead", "c": "pending"}
        entry = AuditEntry.objects.get()
        assert (entry.actor_kind, entry.via, entry.reason) == ("command", "cli", REASON[1])

    def test_or_all_of_an_effect(self, manage, dead, monkeypatch):
        monkeypatch.setattr("integrity.management.commands.outbox.AT_ONCE", 1)

        ended = manage("outbox", "retry", "--effect", "test.note", *REASON)

        assert (ended.code, ended.out.split()) == (0, ["RETRIED", "2"])
        assert AuditEntry.objects.count() == 2

    def test_4_when_some_of_the_named_are_not_dead(self, manage, dead):
        waiting, nowhere = row("c").uid, uuid.uuid4()

        ended = manage("outbox", "retry", dead[0].uid, waiting, nowhere, dead[0].uid, *REASON)

        assert ended.code == 4
        assert "2 of the named messages are not dead" in ended.err
        assert states()["a"] == "pending"

    @pytest.mark.parametrize(
        "arguments",
        [
            REASON,
            [str(uuid.uuid4()), "--effect", "test.note", *REASON],
            ["not-a-uid", *REASON],
            [str(uuid.uuid4())],
        ],
        ids=["nothing named", "both", "no uid", "no reason"],
    )
    def test_2_for_a_wrong_call(self, manage, dead, arguments):
        assert manage("outbox", "retry", *arguments).code == 2
        assert states()["a"] == "dead"

    def test_2_for_an_effect_that_nobody_declares(self, manage, dead):
        ended = manage("outbox", "retry", "--effect", "test.nota", *REASON)

        assert (ended.code, ended.out) == (2, "")
        assert "test.note" in ended.err

    def test_what_a_former_effect_left_dead_is_due_again(self, manage, dead):
        OutboxMessage.objects.update(effect="test.former")

        assert manage("outbox", "retry", "--effect", "test.former", *REASON).code == 0
        assert states()["a"] == "pending"

    def test_4_when_others_hold_them(self, manage, dead, setting):
        setting(LOCK_TIMEOUT=0.02)

        with rival() as other:
            other("BEGIN")
            other("SELECT FROM integrity_outboxmessage FOR UPDATE")
            ended = manage("outbox", "retry", dead[0].uid, *REASON)

        assert (ended.code, ended.out) == (4, "")
        assert "nothing was changed" in ended.err


class TestStats:
    def test_each_effect_with_its_numbers(self, manage, dead, post):
        manage("outbox", "relay")
        promise("d")
        OutboxMessage.objects.filter(key="d").update(created_at=Now() - timedelta(seconds=90))

        [line] = json.loads(manage("outbox", "stats", "--format", "json").out)

        assert 90 <= line.pop("oldest_seconds") < 120
        assert line == {
            "effect": "test.note",
            "pending": 1,
            "leased": 0,
            "dead": 2,
            "delivered_today": 1,
        }

    def test_an_effect_of_which_nothing_waits(self, manage):
        promise("a")
        manage("outbox", "relay")

        assert manage("outbox", "stats").out.splitlines()[1].split() == [
            *("test.note", "0", "0", "0", "-", "1")
        ]

    def test_an_empty_outbox(self, manage):
        assert manage("outbox", "stats").out == "none\n"

    def test_3_without_a_database(self, manage, monkeypatch):
        connection.close()
        monkeypatch.setitem(connection.settings_dict, "PORT", 1)

        ended = manage("outbox", "stats")

        assert (ended.code, ended.out) == (3, "")
        assert "did not answer" in ended.err

    def test_3_for_a_database_that_was_not_migrated(self, manage):
        execute("ALTER TABLE integrity_effectcount RENAME TO elsewhere")
        try:
            ended = manage("outbox", "stats")
        finally:
            execute("ALTER TABLE elsewhere RENAME TO integrity_effectcount")

        assert (ended.code, ended.out) == (3, "")
        assert ended.err.count("\n") == 1
