import pytest

from accounts.clients.contacts import Contact, contacts
from accounts.clients.outcomes import Missing, Rejected, Unknown, VendorError
from accounts.simulators.account import SEGMENT, SENDING_KEY
from accounts.simulators.faults import Fault
from tests.contracts import published

ADA = {"email": "ada@example.com", "first_name": "Ada", "last_name": "", "unsubscribed": False}


@pytest.fixture
def client(vendors):
    return contacts()


def test_without_a_key_there_is_no_client(settings):
    settings.RESEND_CONTACTS_KEY = ""

    assert contacts() is None


class TestPut:
    def test_a_new_contact_is_made(self, client):
        id = client.put(**ADA)

        assert client.find(id) == client.find("ada@example.com") == Contact(id, **ADA)

    def test_one_that_is_there_is_changed_too(self, vendors, client):
        first = client.put(**ADA)
        second = client.put(**ADA | {"first_name": "Eve", "unsubscribed": True})

        assert second == first
        assert client.find(first).first_name == "Eve"
        assert client.find(first).unsubscribed
        assert len(vendors.resend.effects("contact.created")) == 1

    def test_a_change_by_somebody_else_in_between_is_noticed(self, vendors, client):
        vendors.resend.faults.add(Fault("changed", method="PATCH", values={"first_name": "Eve"}))

        with pytest.raises(Unknown, match="reads_otherwise"):
            client.put(**ADA)

    @pytest.mark.parametrize(
        "email", ["anna+b@example.com", "50%@example.com", "a/b@example.com", "a?b#c@example.com"]
    )
    def test_any_address_is_found_again(self, client, email):
        id = client.put(**ADA | {"email": email})

        assert client.find(email).id == id

    def test_an_address_changes_and_the_id_stays(self, client):
        id = client.put(**ADA)
        client.set(Contact(id, **ADA | {"email": "eve@example.com"}))

        assert client.find("eve@example.com").id == id
        assert client.find("ada@example.com") is None


class TestMute:
    def test_it_is_set_and_taken_back(self, client):
        id = client.put(**ADA)
        client.set_unsubscribed(id, unsubscribed=True)
        muted = client.find(id).unsubscribed
        client.set_unsubscribed(id, unsubscribed=False)

        assert (muted, client.find(id).unsubscribed) == (True, False)

    def test_who_is_not_there_can_not_be_muted(self, client):
        with pytest.raises(Missing):
            client.set_unsubscribed("nobody", unsubscribed=True)


class TestRemove:
    def test_to_remove_twice_is_to_remove(self, vendors, client):
        id = client.put(**ADA)
        client.remove(id)
        client.remove(id)

        assert client.find(id) is None
        assert len(vendors.resend.effects("contact.removed")) == 1

    def test_a_lost_answer_is_followed_by_a_second_try(self, vendors, client):
        id = client.put(**ADA)
        vendors.resend.faults.add(Fault("reset_after", method="DELETE"))
        with pytest.raises(Unknown):
            client.remove(id)

        client.remove(id)

        assert len(vendors.resend.effects("contact.removed")) == 1

    def test_a_wrong_address_is_not_taken_for_an_absent_contact(self, vendors, settings, client):
        id = client.put(**ADA)
        settings.RESEND_API_URL = f"{vendors.url}/resend/nowhere"
        lost, vendors.resend.checker = contacts(), None
        try:
            for ask in (lost.find, lost.remove):
                with pytest.raises(Rejected, match="404"):
                    ask(id)
        finally:
            vendors.resend.checker = published.contract("resend")

        assert client.find(id)

    def test_a_probe_that_fails_proves_nothing(self, vendors, client):
        vendors.resend.faults.add(Fault("status", method="GET", path="limit", status=500))
        vendors.resend.faults.add(Fault("status", method="GET", path="/contacts", status=503))

        with pytest.raises(Unknown):
            client.remove("nobody")


def test_what_belongs_to_a_contact_is_read_for_whoever_restores_it(vendors, client):
    id = client.put(**ADA)
    client.add_to_segment(id, SEGMENT)
    vendors.resend.state["topics"][id] = {"news": "opt_in"}

    assert client.segments(id) == [SEGMENT]
    assert client.topics(id) == {"news": "opt_in"}


def test_all_pages_are_read(vendors, client):
    ids = [client.put(**ADA | {"email": f"ada{number}@example.com"}) for number in range(3)]
    vendors.resend.state["contacts"] |= {
        f"id{number}": {**ADA, "id": f"id{number}", "object": "contact", "email": f"{number}@x.y"}
        for number in range(150)
    }

    assert len(list(client.all())) == 150 + len(ids)


def test_a_list_that_says_more_and_shows_nothing_new_is_no_whole_list(vendors, client):
    row = {"id": "id1", "object": "contact", "email": "a@x.y", "unsubscribed": False}
    page = {"object": "list", "data": [row], "has_more": True}
    vendors.resend.faults.add(Fault("status", status=200, body=page, times=9))

    with pytest.raises(Unknown, match="pages_repeat"):
        list(client.all())


def test_a_key_for_sending_only_is_refused_for_everybody(settings, vendors):
    settings.RESEND_CONTACTS_KEY = SENDING_KEY

    with pytest.raises(Rejected, match="restricted_api_key") as refused:
        contacts().find("ada@example.com")

    assert refused.value.is_for_everybody


@published.needed
@pytest.mark.parametrize(
    "sample",
    [one for one in published.samples("resend") if one["operation"].startswith("contacts")],
    ids=lambda one: f"{one['operation']} {one['status']}",
)
def test_the_vendors_own_errors_mean_what_they_say(vendors, client, sample, monkeypatch):
    monkeypatch.setattr("accounts.clients.contacts.SHORT_PAUSE", 0)
    vendors.resend.faults.add(
        Fault("status", status=sample["status"], body=sample["body"], headers=sample["headers"])
    )
    became = "done"
    try:
        client.remove("any") if "remove" in sample["operation"] else client.put(**ADA)
    except VendorError as error:
        became = error.outcome

    assert became == sample["class"]
