from django.http import HttpResponse
from structlog.contextvars import get_contextvars

from config.request_id import RequestIdMiddleware


def test_page_log_lines_and_answer_carry_the_same_id(rf):
    seen = {}

    def view(request):
        seen.update(page=request.request_id, log=get_contextvars()["request_id"])
        return HttpResponse()

    response = RequestIdMiddleware(view)(rf.get("/"))
    assert seen == {"page": response["X-Request-Id"], "log": response["X-Request-Id"]}
    assert get_contextvars() == {}


def test_every_request_has_an_id_of_its_own_whatever_the_client_sends(rf):
    middleware = RequestIdMiddleware(lambda request: HttpResponse())
    ids = {
        middleware(rf.get("/", headers={"X-Request-Id": "chosen"}))["X-Request-Id"]
        for _ in range(3)
    }
    assert len(ids) == 3
    assert "chosen" not in ids
