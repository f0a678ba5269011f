"""A backup from before a deletion is restored, and who was deleted is deleted again, everywhere."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.actors import acting
from accounts.clients.contacts import contacts
from accounts.clients.identity import identities
from accounts.leaving.replaying import KIND
from accounts.leaving.sealing import TARGETS
from accounts.models import Tombstone, User
from accounts.simulators.faults import Fault
from integrity.evaluate import evaluate
from integrity.models import AuditEntry, OutboxMessage, Saga
from integrity.privacy import residue_of
from integrity.saga.start import start
from integrity.testing import assert_every_invariant_holds
from integrity.transactions import transaction
from tests.accounts.leaving.story import (
    AS_BEFORE,
    LATER,
    at_vendors,
    begin,
    known_everywhere,
    run,
    run_to_the_end,
)
from tests.backup import backup

pytestmark = pytest.mark.django_db(transaction=True)
APPLY = ("--apply", "--reason", "restored after the fire")
IS_BACK = "accounts.no_deleted_user_is_back"


@pytest.fixture
def ada(vendors):
    return known_everywhere(vendors)


@pytest.fixture
def exported(tmp_path):
    """The path of a file with the tombstones as they are now."""

    def export():
        path = tmp_path / "tombstones.ndjson"
        assert saga("export-tombstones", "--to", str(path)) == (0, "")
        assert path.read_text() == saga("export-tombstones")[1]
        return str(path)

    return export


def saga(*arguments):
    """The exit code, and what was printed."""
    out, err = StringIO(), StringIO()
    try:
        call_command("saga", *arguments, stdout=out, stderr=err)
    except SystemExit as stopped:
        return stopped.code, out.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


def replay(*arguments):
    code, text = saga("replay-tombstones", "--format", "json", *arguments)
    return code, [line["to_do"] for line in json.loads(text)]


def run_all():
    for each in Saga.objects.filter(finished_at=None):
        assert run_to_the_end(each) == "completed"


def assert_clean(known, vendors):
    left = at_vendors(known, vendors)
    assert [left[name] for name in ("customer", "contact", "identity")] == [False] * 3
    assert left["subscription"] == "canceled"
    assert not User.objects.filter(uid=known.uid).exists()
    assert Tombstone.objects.filter(uid=known.uid).exists()
    OutboxMessage.objects.all().delete()
    assert residue_of([known.user.email, known.customer, known.contact]) == []


class TestAnExport:
    def test_names_nobody(self, ada, exported):
        run_to_the_end(begin(ada))

        line, count = map(json.loads, Path(exported()).read_text().splitlines())

        assert count == {"lines_before_this": 1}
        assert set(line) == {"of", "uid", "sealed_at", "vendor_ids"}
        text = json.dumps(line)
        assert not any(word in text for word in (ada.user.email, ada.customer, ada.contact))

    def test_of_nobody_is_empty_and_nothing_is_to_be_done(self, vendors, exported):
        assert replay("--from", exported()) == (0, [])
        assert replay() == (0, [])


class TestARestore:
    @pytest.fixture
    def restored(self, ada, exported):
        """She was deleted after the backup."""
        with backup() as restore:
            assert run_to_the_end(begin(ada)) == "completed"
            file = exported()
            restore()
        assert User.objects.filter(uid=ada.uid, is_active=True).exists()
        assert not Tombstone.objects.exists()
        return file

    def test_brings_her_back_and_the_replay_deletes_her_everywhere(self, ada, restored, vendors):
        assert replay("--from", restored) == (
            1,
            ["put its tombstone back, delete the account again"],
        )
        assert not Tombstone.objects.exists(), "a preview changes nothing"

        assert replay("--from", restored, *APPLY)[0] == 0
        user = User.objects.get(uid=ada.uid)
        assert (user.is_active, user.leaving_since is None) == (False, False)
        assert replay("--from", restored) == (0, []), "what is begun is not begun again"

        run_all()
        assert_clean(ada, vendors)
        assert replay("--from", restored) == (0, [])
        entry = AuditEntry.objects.get(verb="accounts.buried_again")
        assert entry.reason == "restored after the fire"
        assert_every_invariant_holds()

    def test_that_a_vendor_has_made_whole_again_is_cleaned_there_too(self, ada, restored, vendors):
        identities().create(ada.user.uid, email=ada.user.email, is_verified=True)

        replay("--from", restored, *APPLY)
        run_all()

        assert_clean(ada, vendors)

    def test_with_the_tombstones_alone_is_a_finding(self, ada, restored):
        for line in map(json.loads, Path(restored).read_text().splitlines()[:-1]):
            Tombstone.objects.create(uid=line["uid"], sealed_at=line["sealed_at"])

        (result,) = evaluate([IS_BACK]).results
        assert (result.result, result.count) == ("broken", 1)

    def test_is_replayed_though_a_vendor_is_out_and_says_so(self, ada, restored, vendors):
        vendors.resend.faults.add(Fault("status", path="/contacts", status=500, times=1))

        code, todo = replay("--from", restored, *APPLY)

        assert (code, len(todo)) == (3, 1)
        assert replay("--from", restored) == (0, [])


class TestADeletionThatWasUnderWayInTheBackup:
    def test_waits_no_longer_in_case_she_thinks_better_of_it(self, ada, exported, vendors):
        deletion = begin(ada, LATER)
        assert run(deletion) == "running"
        assert deletion.steps.get(position=deletion.position).name == "grace"
        with backup() as restore:
            assert run_to_the_end(deletion) == "completed"
            file = exported()
            restore()

        assert replay("--from", file, *APPLY)[0] == 0

        deletion = Saga.objects.get()
        assert deletion.steps.get(name="grace").due_at <= timezone.now()
        assert deletion.wake_at <= timezone.now()
        run_all()
        assert_clean(ada, vendors)


class TestWhatVendorsStillHave:
    def test_of_an_account_that_is_gone_is_removed_by_its_ids(self, ada, exported, vendors):
        kept = dict(vendors.resend.state["contacts"])
        run_to_the_end(begin(ada))
        identities().create(ada.user.uid, email=ada.user.email, is_verified=True)
        vendors.resend.state["contacts"].update(kept)
        back = known_everywhere(vendors, email="grace@example.com")
        before = at_vendors(back, vendors)

        assert replay() == (1, ["remove its contacts, remove its identity"])
        assert replay(*APPLY)[0] == 0
        assert replay() == (0, [])
        run_all()

        left = at_vendors(ada, vendors)
        assert [left[name] for name in ("contact", "identity")] == [False] * 2
        assert at_vendors(back, vendors) == before == AS_BEFORE
        assert len(list(contacts().all())) == 1

    def test_of_an_account_without_a_tombstone_is_left_alone_and_the_saga_says_why(
        self, ada, vendors
    ):
        targets = {"customers": [ada.customer], "contacts": [ada.contact]}
        three = (vendors.stripe, vendors.resend, vendors.supabase)
        before = [each.effects() for each in three]
        with transaction():
            remains = start(KIND, subject=ada.uid, by=acting(ada.user), secrets={TARGETS: targets})

        assert run_to_the_end(remains) == "compensated"

        assert [each.effects() for each in three] == before
        assert at_vendors(ada, vendors) == AS_BEFORE
        assert "there is no tombstone of this account" in saga("show", str(remains.uid))[1]
