"""CSV: what a spreadsheet opens is text, never a formula; and no more than fits."""

import csv
from io import StringIO

import pytest
from django.utils import timezone

from integrity.admin.exports import cell, csv_response
from integrity.audit import audit, command_actor
from integrity.models import Finding
from integrity.transactions import transaction
from tests.integrity.admin.desk import State, finding, operator, page

pytestmark = pytest.mark.django_db(transaction=True)


def rows(answer):
    assert answer.status_code == 200
    return list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode())))


@pytest.mark.parametrize(
    "evil",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "=cmd|' /C'!A0"],  # noqa: RUF001
)
def test_what_a_spreadsheet_would_run_begins_with_a_quote(evil):
    assert cell(evil) == f"'{evil}"


@pytest.mark.parametrize(
    ("value", "written"), [(None, ""), (-3, "-3"), (2.5, "2.5"), ("a=b", "a=b"), (True, "True")]
)
def test_what_is_harmless_stays_as_it_is(value, written):
    assert cell(value) == written


def test_it_comes_back_as_it_was_written(client):
    client.force_login(operator("view_finding", "export_finding"))
    finding(subject='a,"b"\nc', assignee="=HYPERLINK()")
    answer = client.get(page("finding_export"))
    (row,) = rows(answer)
    assert (row["subject"], row["assignee"]) == ('a,"b"\nc', "'=HYPERLINK()")
    assert row["first_seen_at"].endswith("Z")
    assert answer["Content-Type"].startswith("text/csv")
    assert f"findings-{timezone.now():%Y%m%d}" in answer["Content-Disposition"]
    assert "no-store" in answer["Cache-Control"]


def test_it_is_the_list_as_it_is_narrowed(client):
    client.force_login(operator("view_finding", "export_finding"))
    finding(subject="a")
    finding(State.SNOOZED, subject="b")
    url = page("finding_export")
    assert [row["subject"] for row in rows(client.get(url))] == ["a"]
    assert [row["subject"] for row in rows(client.get(url, {"view": "snoozed"}))] == ["b"]


def test_what_is_left_out_is_said():
    for _ in range(3):
        finding()
    answer = csv_response("findings", ["uid"], Finding.objects.order_by("pk"), longest=2)
    written = b"".join(answer.streaming_content).decode().splitlines()
    assert len(written) == 4
    assert written[-1] == "Only the first 2 rows: narrow the list."


def test_the_audit_log_is_exported_by_those_who_may(client):
    one = finding()
    with transaction():
        audit("test.verb", by=command_actor("=a reason"), subject=one)
        audit("test.other", by=command_actor(), subject=one)
    client.force_login(operator("view_auditentry", "export_auditentry"))
    (row,) = rows(client.get(page("auditentry_export"), {"verb": "test.verb"}))
    assert (row["verb"], row["reason"]) == ("test.verb", "'=a reason")


@pytest.mark.parametrize("name", ["finding", "auditentry"])
def test_looking_alone_exports_nothing(client, name):
    client.force_login(operator(f"view_{name}"))
    assert client.get(page(f"{name}_export")).status_code == 403
    assert "Export CSV" not in client.get(page(f"{name}_changelist")).content.decode()
