import io
import json
import logging
import logging.config
import sys

import pytest
from django.db import IntegrityError
from django.urls import resolve
from structlog.contextvars import bound_contextvars

from config.logs import logging_config
from integrity.flows import Busy
from integrity.log import binding, log_event
from tests.accounts.pages import sign_up


@pytest.fixture
def lines():
    """The configuration of production on a logger of its own, read back line by line."""
    stream = io.StringIO()
    config = logging_config(json=True, level="INFO")
    formatter = logging.config.DictConfigurator(config).configure_formatter(
        config["formatters"]["line"]
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logger = logging.getLogger("tests.logs")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    yield logger, lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)


def test_every_line_is_one_object_with_time_level_and_logger(lines):
    logger, read = lines
    logger.warning("refused %s", "twice")
    (line,) = read()
    assert line["event"] == "refused twice"
    assert line["level"] == "warning"
    assert line["logger"] == "tests.logs"
    assert line["timestamp"].endswith("Z")


def test_an_events_name_and_fields_are_fields_of_the_line(lines):
    logger, read = lines
    logger.info("text", extra={"event": "accounts.signup_refused", "user": "0b1d"})
    (line,) = read()
    assert line["event"] == "accounts.signup_refused"
    assert line["user"] == "0b1d"


def test_the_request_is_named_by_its_id_and_its_route_and_not_by_its_path(lines, rf):
    logger, read = lines
    known, unknown = rf.get("/verify/secret/"), rf.get("/verify/secret/")
    known.resolver_match = resolve("/verify/secret/")
    unknown.resolver_match = None
    with bound_contextvars(request_id="5eed"):
        for request in (known, unknown):
            logger.error("Server Error: %s", request.path, extra={"request": request})
    assert [line["request_id"] for line in read()] == ["5eed", "5eed"]
    assert "secret" not in json.dumps(read())
    assert read()[0]["event"] == f"Server Error: /{known.resolver_match.route}"


def test_anybodys_line_names_the_run_and_the_plan_that_it_comes_from(lines):
    logger, read = lines
    with binding(run="5eed", plan="1dea"):
        logger.warning("slow query")
        log_event(logger, logging.INFO, "run.mentioned", run="another")
    others, ours = read()
    assert (others["run"], others["plan"]) == ("5eed", "1dea")
    assert (ours["run"], ours["plan"]) == ("another", "1dea")


@pytest.mark.django_db(transaction=True)
def test_a_request_that_fails_is_found_by_its_id_and_names_nobody(lines, client, monkeypatch):
    def busy(**kwargs):
        raise Busy("accounts.sign_up")

    logger, read = lines
    (handler,) = logger.handlers
    monkeypatch.setattr("accounts.forms.sign_up", busy)
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    answer = sign_up(client, "grace@example.com")
    found = [line for line in read() if line["event"] == "request.busy"]
    assert [line["request_id"] for line in found] == [answer["X-Request-Id"]]
    assert "grace" not in json.dumps(read())


def test_an_exception_stays_on_its_line(lines):
    logger, read = lines
    try:
        raise ValueError("broken")
    except ValueError:
        logger.exception("failed")
    (line,) = read()
    assert "ValueError: broken" in line["exception"]


def test_a_refused_row_is_not_quoted(lines):
    logger, read = lines
    try:
        raise IntegrityError(
            "refused\nDETAIL: Failing row contains (ada@example.com,\nx).\nHINT: no"
        )
    except IntegrityError as error:
        logger.exception("failed: %s", error)
    (line,) = read()
    assert "ada@" not in json.dumps(line)
    assert line["event"] == "failed: refused\nDETAIL: withheld\nHINT: no"


def test_a_traceback_in_the_text_of_development_shows_no_variables():
    config = logging_config(json=False, level="INFO")
    formatter = logging.config.DictConfigurator(config).configure_formatter(
        config["formatters"]["line"]
    )
    typed = "correct" + " horse battery"
    try:
        raise LookupError
    except LookupError:
        record = logging.LogRecord("tests", logging.ERROR, "", 1, "failed", (), sys.exc_info())

    line = formatter.format(record)

    assert "LookupError" in line
    assert typed not in line


@pytest.mark.parametrize("name", ["stripe", "httpx", "httpcore", "urllib3"])
def test_what_the_vendors_libraries_say_below_a_warning_is_not_logged(name):
    """They log addresses: in paths, and in what a vendor answered."""
    assert not logging.getLogger(name).isEnabledFor(logging.INFO)
    assert logging.getLogger(name).isEnabledFor(logging.WARNING)
