import httpx
import pytest

from accounts.clients.outcomes import Wait
from accounts.clients.payments import payments


@pytest.fixture
def control(vendors):
    return lambda place, /, **values: httpx.post(
        f"{vendors.url}/stripe/control/{place}", json=values
    )


def test_it_shows_what_there_is(vendors):
    customer = payments().create_customer(email="ada@example.com", name="Ada", user="1", key="k")

    shown = httpx.get(f"{vendors.url}/stripe/control/").json()

    assert list(shown["state"]["customers"]) == [customer]
    assert [line["verb"] for line in shown["ledger"]] == ["customer.created"]
    assert shown["calls"] == [["POST", "/v1/customers", 200, ""]]
    assert len(shown["webhooks"]["waiting"]) == 1


def test_faults_are_set_and_taken_away(control):
    control("faults", kind="status", status=429)
    with pytest.raises(Wait):
        payments().customer("cus_1")

    control("faults", kind="status", status=429, times=9)
    control("clear")

    assert payments().customer("cus_1") is None


def test_something_happens_without_being_asked_for(vendors, control):
    customer = payments().create_customer(email="ada@example.com", name="Ada", user="1", key="k")

    done = control("do", verb="edit", id=customer, name="Eve")

    assert done.status_code == 200
    assert payments().customer(customer)["name"] == "Eve"


@pytest.mark.parametrize(
    ("verb", "values", "status"),
    [
        ("do", {"verb": "reset", "id": "x"}, 422),
        ("do", {"verb": "renew", "id": "sub_nobody"}, 422),
        ("faults", {"kind": "earthquake"}, 422),
        ("webhooks", {"volume": 11}, 422),
        ("dance", {}, 404),
    ],
)
def test_what_it_can_not_do_it_says(control, verb, values, status):
    assert control(verb, **values).status_code == status


def test_a_form_of_another_site_does_nothing(vendors):
    answer = httpx.post(
        f"{vendors.url}/stripe/control/reset", content="{}", headers={"Content-Type": "text/plain"}
    )

    assert answer.status_code == 415
