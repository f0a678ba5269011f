import json
from urllib.parse import urlencode

import pytest
from werkzeug.datastructures import Headers

from accounts.simulators.asked import Answer, Asked
from tests.contracts import published

pytestmark = published.needed
FORM = "application/x-www-form-urlencoded"
BEARER = {"Authorization": "Bearer sk_test"}


def asked(method, path, *, form=None, body=b"", query=(), headers=None, content_type=None):
    json_type = "application/json" if body else ""
    body = urlencode(form).encode() if form else body
    return Asked(
        method=method,
        path=path,
        query=list(query),
        body=body,
        content_type=content_type or (FORM if form else json_type),
        headers=Headers(BEARER if headers is None else headers),
        base_url="http://127.0.0.1",
    )


@pytest.fixture(scope="module")
def stripe():
    return published.contract("stripe")


class TestRequests:
    @pytest.mark.parametrize(
        "request_",
        [
            asked("POST", "/v1/customers", form={"email": "a@b.com", "metadata[user]": "1"}),
            asked("GET", "/v1/customers", query=[("limit", "100"), ("email", "a@b.com")]),
            asked("GET", "/v1/events", query=[("created[gte]", "5"), ("types[0]", "x")]),
            asked("DELETE", "/v1/subscriptions/sub_1"),
            asked("POST", "/v1/checkout/sessions", form={"line_items[0][price]": "price_1"}),
        ],
        ids=lambda one: f"{one.method} {one.path}",
    )
    def test_what_the_document_names_passes(self, stripe, request_):
        assert stripe(request_, None) == []

    @pytest.mark.parametrize(
        ("request_", "told"),
        [
            (asked("POST", "/v1/customers", form={"e_mail": "x"}), "(e_mail)"),
            (
                asked("POST", "/v1/subscriptions/s", form={"cancel_at_period_end": "yes"}),
                "cancel_at_period_end fails",
            ),
            (asked("GET", "/v1/customers", query=[("page", "2")]), "unknown query parameter"),
            (asked("GET", "/v1/customers", query=[("limit", "ten")]), "query limit"),
            (asked("GET", "/v1/customers", headers={}), "credentials are missing"),
            (asked("PATCH", "/v1/customers"), "no such operation"),
            (asked("GET", "/v1/coupons"), "no such operation"),
            (asked("GET", "/v1/customers/c", form={"a": "b"}), "not in the document"),
            (
                asked("POST", "/v1/customers", form={"a": "b"}, content_type="application/json"),
                "not in the document",
            ),
            (asked("POST", "/v1/checkout/sessions", form={"mood": "x"}), "(mood)"),
            (
                asked("POST", "/v1/checkout/sessions", form={"line_items[0][prize]": "x"}),
                "line_items/0",
            ),
        ],
    )
    def test_what_it_does_not_name_is_a_violation(self, stripe, request_, told):
        (violation,) = stripe(request_, None)

        assert told in violation

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            ({"email": "ada@example.com", "nickname": "Ada"}, "(nickname)"),
            ({"email": "ada@example.com", "topics": [{"id": "news", "how": "x"}]}, "(how)"),
        ],
    )
    def test_a_field_that_a_lenient_document_lets_pass_is_a_violation(self, body, told):
        request_ = asked("POST", "/contacts", body=json.dumps(body).encode())

        (violation,) = published.contract("resend")(request_, None)
        assert told in violation

    def test_a_missing_body_is_a_violation(self):
        request_ = asked("POST", "/admin/users", headers=BEARER | {"apikey": "service"})

        assert published.contract("supabase")(request_, None) == [
            "POST /admin/users: the body is missing"
        ]

    def test_an_id_of_another_format_is_a_violation(self):
        request_ = asked("GET", "/admin/users/ada", headers=BEARER | {"apikey": "service"})

        (violation,) = published.contract("supabase")(request_, None)
        assert "userId" in violation


class TestAnswers:
    @pytest.mark.parametrize(
        "body",
        [
            {"object": "list", "data": [], "more": True},
            {"object": "list", "data": [{"id": "c", "nickname": "Ada"}]},
        ],
    )
    def test_a_field_that_the_document_does_not_name_is_a_violation(self, body):
        (violation,) = published.contract("resend")(asked("GET", "/contacts"), Answer(200, body))

        assert "doesn't name" in violation

    def test_a_page_where_the_document_has_json_is_a_violation(self, stripe):
        page = Answer(200, "<p>Fine.</p>", mimetype="text/html")

        assert stripe(asked("GET", "/v1/customers/c"), page) == [
            "GET /v1/customers/c: an answer of text/html is not in the document"
        ]

    def test_an_answer_without_what_is_required_is_a_violation(self, stripe):
        answer = Answer(200, {"id": "cus_1", "object": "customer"})

        assert len(stripe(asked("GET", "/v1/customers/cus_1"), answer)) >= 1

    def test_an_answer_with_a_status_of_its_own_is_a_violation(self):
        found = published.contract("resend")(asked("GET", "/contacts/1"), Answer(418, {}))

        assert found == ["GET /contacts/1: the document has no answer 418"]

    def test_an_answer_names_no_field_that_the_sdk_does_not_know(self, stripe):
        answer = Answer(200, {"id": "cs_1", "price": "price_1"})

        (violation,) = stripe(asked("GET", "/v1/checkout/sessions/cs_1"), answer)
        assert "(price)" in violation

    def test_a_violation_quotes_no_value(self, stripe):
        answer = Answer(200, {"id": "c", "object": "ada@example.com", "created": 1})

        assert "ada@" not in str(stripe(asked("GET", "/v1/customers/c"), answer))
