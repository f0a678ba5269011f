"""The audit log: read, narrowed, and what was done together."""

import pytest

from integrity.audit import Actor, audit, command_actor
from integrity.models import AuditEntry
from integrity.transactions import transaction
from tests.integrity.admin.desk import finding, operator, page, text

pytestmark = pytest.mark.django_db(transaction=True)
LIST = page("auditentry_changelist")


@pytest.fixture
def entries(client):
    client.force_login(operator("view_auditentry"))
    one = finding()
    with transaction():
        audit("test.first", by=command_actor("because"), subject=one)
        audit("test.second", by=Actor("operator", "ann", "so", via="admin"), subject=one)
    return list(AuditEntry.objects.order_by("pk"))


def verbs(client, **params):
    return [each.verb for each in client.get(LIST, params).context["cl"].result_list]


def test_the_newest_comes_first_and_each_filter_narrows(client, entries):
    assert verbs(client) == ["test.second", "test.first"]
    assert verbs(client, verb="test.first") == ["test.first"]
    assert verbs(client, actor_kind="operator") == ["test.second"]
    assert verbs(client, via="cli") == ["test.first"]
    assert verbs(client, q="ann") == ["test.second"]
    assert verbs(client, q=entries[0].subject) == ["test.second", "test.first"]
    assert verbs(client, q="test") == []


def test_an_entry_shows_all_of_it_and_what_the_request_did_besides(client, entries):
    with transaction():
        for name in ("test.a", "test.b"):
            AuditEntry.objects.create(
                actor_kind="operator",
                actor_id="ann",
                via="admin",
                reason="so",
                verb=name,
                subject="x:1",
                detail={"count": 3},
                request_id="abc",
            )
    answer = client.get(page("auditentry_change", AuditEntry.objects.get(verb="test.a").pk))
    assert "count</dt><dd><code>3" in text(answer)
    assert [each.verb for each in answer.context["together"]] == ["test.b"]
    alone = client.get(page("auditentry_change", entries[0].pk))
    assert list(alone.context["together"]) == []
