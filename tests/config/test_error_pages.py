import pytest
from django.contrib.auth.models import AnonymousUser
from django.shortcuts import render
from django.template.loader import get_template

from config.failures import server_error

PAGES = ["400", "403", "403_csrf", "404", "409", "429", "500", "503"]
PAGES += ["errors/not_confirmed", "errors/refused"]


@pytest.fixture
def asked(rf):
    request = rf.get("/start/1/")
    request.request_id = "9f3c1a7be04d2265"
    request.user = AnonymousUser()
    return request


@pytest.mark.parametrize("name", PAGES)
def test_it_needs_no_database_and_shows_the_number_to_give_to_support(asked, name):
    page = render(asked, f"{name}.html").content.decode()
    assert "9f3c1a7be04d2265" in page
    assert page.count("<h1>") == 1


@pytest.mark.parametrize("name", PAGES)
def test_it_can_be_shown_without_a_request(name):
    assert "</html>" in get_template(f"{name}.html").render()


def test_the_page_of_a_failed_server_knows_the_request(asked):
    response = server_error(asked)
    assert response.status_code == 500
    assert "9f3c1a7be04d2265" in response.content.decode()
