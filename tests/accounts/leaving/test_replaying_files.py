"""The command that carries tombstones over a restore, and files that are not as they should be."""

import json
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.leaving import replaying
from accounts.models import Tombstone
from accounts.simulators.faults import Fault
from integrity.models import AuditEntry
from tests.accounts.leaving.test_replaying import APPLY, replay, saga

pytestmark = pytest.mark.django_db(transaction=True)
GRAVES = [UUID(int=number, version=4) for number in (1, 2, 3)]
LINE = {"of": "accounts.tombstones", "uid": str(GRAVES[0]), "vendor_ids": []}
SEALED = {**LINE, "sealed_at": "2026-11-20T10:00Z"}


@pytest.fixture
def file(vendors, tmp_path):
    """Of three, who are in no table any more."""
    for uid in GRAVES:
        Tombstone.objects.create(uid=uid, sealed_at=timezone.now())
    path = tmp_path / "tombstones.ndjson"
    saga("export-tombstones", "--to", str(path))
    Tombstone.objects.all().delete()
    return path


@pytest.fixture
def written(vendors, tmp_path):
    def write(content):
        path = tmp_path / "other.ndjson"
        path.write_bytes(content)
        return str(path)

    return write


def buried():
    return Tombstone.objects.count()


@pytest.mark.parametrize(
    "content",
    [
        b'{"uid": 1}',
        b"nonsense",
        b"[1, 2]\n",
        b"[" * 100_000,
        b"\x1f\x8b\x08\x00\xff\xfe",
        b"PK\x03\x04\xff\n",
        json.dumps({**LINE, "uid": "x"}).encode(),
        json.dumps({**LINE, "sealed_at": "2026-11-20T10:00:00"}).encode(),
        json.dumps({**LINE, "sealed_at": "yesterday"}).encode(),
        json.dumps({**SEALED, "vendor_ids": ["ab"]}).encode(),
        json.dumps({**SEALED, "vendor_ids": ["ab " * 32]}).encode(),
        json.dumps({**SEALED, "vendor_ids": ["AB" * 32]}).encode(),
        json.dumps({**SEALED, "vendor_ids": [7]}).encode(),
    ],
)
def test_refuses_what_is_no_export_and_changes_nothing(written, content):
    Tombstone.objects.create(uid=GRAVES[2], sealed_at=timezone.now())

    code, said = saga("replay-tombstones", "--from", written(content), *APPLY)

    assert code == 2
    assert "no line of an export" in said
    assert buried() == 1


def test_refuses_a_file_that_is_not_there(vendors, tmp_path):
    assert saga("replay-tombstones", "--from", str(tmp_path / "none"))[0] == 2
    assert saga("replay-tombstones", "--from", str(tmp_path))[0] == 2


def test_wants_a_reason_before_it_changes_anything(file):
    assert saga("replay-tombstones", "--from", str(file), "--apply")[0] == 2
    assert buried() == 0


def test_without_apply_says_what_and_changes_nothing(file):
    assert replay("--from", str(file)) == (1, ["put its tombstone back"] * 3)

    assert buried() == 0
    assert not AuditEntry.objects.exists()


def test_says_nothing_is_to_be_done_where_nothing_is(file):
    replay("--from", str(file), *APPLY)
    entries = AuditEntry.objects.count()

    assert replay("--from", str(file), *APPLY) == (0, [])
    assert (buried(), AuditEntry.objects.count()) == (3, entries)


@pytest.mark.parametrize(
    ("lines", "left", "found"),
    [(0, b"", 0), (1, b"", 1), (3, b"", 3), (2, b'{"of": "accounts.tombsto', 2)],
    ids=["empty", "after a line", "before the last line", "in a line"],
)
def test_reads_what_is_left_of_one_that_was_cut_off_and_can_t_tell(file, lines, left, found):
    whole = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(whole[:lines]) + left)

    assert replay("--from", str(file))[0] == (1 if found else 3)
    assert replay("--from", str(file), *APPLY)[0] == 3
    assert buried() == found


def test_one_with_a_line_too_few_can_t_tell_either(file):
    whole = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(whole[1:]))

    assert replay("--from", str(file), *APPLY)[0] == 3


def test_goes_on_where_it_was_stopped(file, monkeypatch):
    bury, calls = replaying.bury_again, []

    def stopped(**about):
        calls.append(about)
        if len(calls) == 2:
            raise KeyboardInterrupt
        bury(**about)

    with monkeypatch.context() as patched:
        patched.setattr(replaying, "bury_again", stopped)
        assert replay("--from", str(file), *APPLY)[0] == 130
    assert buried() == 1

    assert replay("--from", str(file), *APPLY) == (0, ["put its tombstone back"] * 2)
    assert set(Tombstone.objects.values_list("uid", flat=True)) == set(GRAVES)


def test_does_not_say_that_nothing_is_to_be_done_where_nobody_can_tell(file, vendors):
    replay("--from", str(file), *APPLY)
    vendors.resend.faults.add(Fault("status", path="/contacts", status=500, times=1))
    said = StringIO()

    with pytest.raises(SystemExit, match="3"):
        call_command(
            "saga", "replay-tombstones", "--from", str(file), stdout=StringIO(), stderr=said
        )

    assert "Nothing is to be done" not in said.getvalue()


def test_an_export_that_fails_leaves_the_last_one(file, monkeypatch):
    before = Path(file).read_bytes()

    def fails():
        raise OSError("No space left on device")

    monkeypatch.setattr("integrity.management.verbs.tombstones.as_lines", fails)

    assert saga("export-tombstones", "--to", str(file))[0] == 2
    assert Path(file).read_bytes() == before
