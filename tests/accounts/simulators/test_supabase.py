import httpx
import pytest

from accounts.simulators.account import SERVICE_KEY

UID = "5d1c0000-0000-4000-8000-000000000001"
HEADERS = {
    "apikey": SERVICE_KEY,
    "Authorization": f"Bearer {SERVICE_KEY}",
    "X-Supabase-Api-Version": "2024-01-01",
}


@pytest.fixture
def ask(vendors):
    def ask(method, path="", headers=HEADERS, **values):
        url = f"{vendors.url}/supabase/auth/v1/admin/users{path}"
        return httpx.request(method, url, headers=headers, **values)

    return ask


@pytest.fixture
def ada(ask):
    ask("POST", json={"id": UID, "email": "ada_b@example.com"})
    return f"/{UID}"


def test_a_soft_deletion_is_final_and_keeps_the_id(vendors, ask, ada):
    for _ in range(2):
        assert ask("DELETE", ada, json={"should_soft_delete": True}).status_code == 200

    left = ask("GET", ada).json()
    assert "@" not in left["email"]
    assert left["deleted_at"]
    assert len(vendors.supabase.effects("user.deleted_softly")) == 1
    assert ask("POST", json={"id": UID, "email": "new@example.com"}).status_code == 500


def test_a_taken_id_is_answered_like_a_failure(ask, ada):
    refused = ask("POST", json={"id": UID, "email": "other@example.com"})

    assert (refused.status_code, refused.json()["code"]) == (500, "unexpected_failure")


@pytest.mark.parametrize(("pattern", "found"), [("ada_b", 1), ("d__b", 1), ("%com", 1), ("eve", 0)])
def test_the_filter_is_a_pattern(ask, ada, pattern, found):
    assert len(ask("GET", params={"filter": pattern}).json()["users"]) == found


@pytest.mark.parametrize("id", ["not-an-id", "5d1c0000-0000-4000-8000-000000000009"])
def test_a_malformed_id_and_an_absent_user_are_both_404_under_different_names(vendors, ask, id):
    # The document allows none that is malformed.
    vendors.supabase.checker = None
    names = {"not-an-id": "validation_failed"}

    absent = ask("GET", f"/{id}")

    assert absent.status_code == 404
    assert absent.json()["code"] == names.get(id, "user_not_found")


def test_without_a_version_the_code_is_a_number(ask):
    older = {name: value for name, value in HEADERS.items() if not name.startswith("X-")}

    told = ask("GET", f"/{UID}", headers=older).json()

    assert (told["code"], told["error_code"]) == (404, "user_not_found")


@pytest.mark.parametrize("duration", ["1d", "forever", "", "12", "h"])
def test_a_ban_is_a_go_duration(vendors, ask, ada, duration):
    checker, vendors.supabase.checker = vendors.supabase.checker, None
    try:
        refused = ask("PUT", ada, json={"ban_duration": duration})
    finally:
        vendors.supabase.checker = checker

    assert refused.status_code == 400
    assert "banned_until" not in ask("GET", ada).json()
