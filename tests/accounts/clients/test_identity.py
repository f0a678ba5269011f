from uuid import UUID

import pytest

from accounts.clients.identity import identities
from accounts.clients.outcomes import Missing, NotSent, Rejected, Unknown, VendorError, Wait
from accounts.simulators.faults import Fault
from tests.contracts import published

UID = UUID("5d1c0000-0000-4000-8000-000000000001")
OTHER = UUID("5d1c0000-0000-4000-8000-000000000002")
ADA = {"email": "ada@example.com", "is_verified": True}


@pytest.fixture
def client(vendors):
    return identities()


@pytest.mark.parametrize("missing", ["SUPABASE_URL", "SUPABASE_SERVICE_KEY"])
def test_without_address_or_key_there_is_no_client(settings, vendors, missing):
    setattr(settings, missing, "")

    assert identities() is None


class TestCreate:
    def test_the_id_is_ours(self, client):
        client.create(UID, **ADA)

        found = client.find(UID)
        assert (found.id, found.email, found.is_banned) == (UID, "ada@example.com", False)

    def test_to_create_twice_is_to_create(self, vendors, client):
        client.create(UID, **ADA)
        client.create(UID, **ADA)

        assert len(vendors.supabase.effects("user.created")) == 1

    @pytest.mark.parametrize("kind", ["reset_after", "hang_after", "status_after"])
    def test_a_lost_answer_is_looked_up(self, vendors, fails, client, kind):
        fails("supabase", Fault(kind, method="POST"))

        client.create(UID, **ADA)

        assert len(vendors.supabase.effects("user.created")) == 1

    @pytest.mark.parametrize("kind", ["reset_before", "garbage", "status"])
    def test_what_has_not_happened_is_not_reported_as_done(self, vendors, client, kind):
        vendors.supabase.faults.add(Fault(kind, method="POST"))

        with pytest.raises(Unknown):
            client.create(UID, **ADA)

    def test_an_address_of_somebody_else_is_refused(self, client):
        client.create(OTHER, **ADA)

        with pytest.raises(Rejected, match="email_exists"):
            client.create(UID, **ADA)

    def test_an_id_with_another_address_is_refused(self, client):
        client.create(UID, email="eve@example.com", is_verified=True)

        with pytest.raises(Rejected, match="id_taken"):
            client.create(UID, **ADA)


class TestChange:
    def test_the_address_changes(self, client):
        client.create(UID, **ADA)
        client.set_email(UID, email="eve@example.com", is_verified=True)

        assert client.find(UID).email == "eve@example.com"

    def test_a_taken_address_is_refused(self, client):
        client.create(UID, **ADA)
        client.create(OTHER, email="eve@example.com", is_verified=True)

        with pytest.raises(Rejected, match="email_exists"):
            client.set_email(UID, email="eve@example.com", is_verified=True)

    def test_a_ban_is_set_and_taken_back(self, client):
        client.create(UID, **ADA)
        client.ban(UID)
        banned = client.find(UID).is_banned
        client.free(UID)

        assert (banned, client.find(UID).is_banned) == (True, False)

    def test_who_is_not_there_can_not_be_banned(self, client):
        with pytest.raises(Missing):
            client.ban(UID)


class TestRemove:
    def test_to_remove_twice_is_to_remove(self, vendors, client):
        client.create(UID, **ADA)
        client.remove(UID)
        client.remove(UID)

        assert client.find(UID) is None
        assert len(vendors.supabase.effects("user.deleted")) == 1

    def test_the_same_id_can_come_back(self, client):
        client.create(UID, **ADA)
        client.remove(UID)
        client.create(UID, **ADA)

        assert client.find(UID)

    @pytest.mark.parametrize(
        "body",
        [
            {"code": "validation_failed", "message": "user_id must be an UUID"},
            {"message": "no Route matched with those values"},
        ],
    )
    def test_a_404_without_the_right_name_is_not_done(self, vendors, client, body):
        vendors.supabase.faults.add(Fault("status", status=404, body=body, times=2))

        for ask in (client.remove, client.find):
            with pytest.raises(Rejected) as refused:
                ask(UID)
            assert not isinstance(refused.value, Missing)

    def test_a_wrong_address_is_not_taken_for_an_absent_user(self, vendors, settings):
        settings.SUPABASE_URL = f"{vendors.url}/nowhere"

        with pytest.raises(Rejected):
            identities().remove(UID)


def test_all_pages_are_read(vendors, client):
    vendors.supabase.state["users"] = {
        str(UUID(int=number)): {
            "id": str(UUID(int=number)),
            "email": f"{number}@example.com",
            "created_at": "2026-01-01T00:00:00+00:00",
            "user_metadata": {},
        }
        for number in range(401)
    }

    assert len({one.id for one in client.all()}) == 401


class TestTransport:
    @pytest.mark.parametrize(
        ("fault", "wanted"),
        [
            (Fault("reset_before"), Unknown),
            (Fault("hang_after"), Unknown),
            (Fault("garbage"), Unknown),
            (Fault("status", status=408), Unknown),
            (Fault("status", status=200, body=[]), Unknown),
            (Fault("status", status=425), NotSent),
            (Fault("status", status=429), Wait),
            (Fault("status", status=302, headers={"Location": "/elsewhere"}), Rejected),
            (Fault("status", status=403), Rejected),
            (Fault("status", status=400), Rejected),
        ],
        ids=lambda each: f"{each.kind} {each.status}" if isinstance(each, Fault) else each.__name__,
    )
    def test_what_goes_wrong_has_one_meaning(self, fails, client, fault, wanted):
        fails("supabase", fault)

        with pytest.raises(wanted) as raised:
            client.ban(UID)

        assert type(raised.value) is wanted
        assert raised.value.__cause__ is None

    def test_nobody_there_is_certainly_not_done(self, vendors, settings):
        settings.SUPABASE_URL = "http://127.0.0.1:9"

        with pytest.raises(NotSent):
            identities().ban(UID)

    @pytest.mark.parametrize("status", [401, 403, 302])
    def test_what_is_refused_to_everybody_says_so(self, vendors, client, status):
        vendors.supabase.faults.add(Fault("status", status=status))

        with pytest.raises(Rejected) as refused:
            client.ban(UID)

        assert refused.value.is_for_everybody


@published.needed
@pytest.mark.parametrize(
    "sample",
    published.samples("supabase-auth"),
    ids=lambda one: f"{one['operation']} {one['status']} {one['note'][:20]}",
)
def test_the_vendors_own_errors_mean_what_they_say(vendors, client, sample):
    vendors.supabase.faults.add(
        Fault("status", status=sample["status"], body=sample["body"], headers=sample["headers"])
    )
    became = "done"
    try:
        client.create(UID, **ADA) if "Create" in sample["operation"] else client.remove(UID)
    except VendorError as error:
        became = error.outcome

    assert became == sample["class"]
