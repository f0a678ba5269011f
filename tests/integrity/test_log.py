import logging
import re

from integrity.log import binding, bound, kind_and_place, log_event

logger = logging.getLogger(__name__)


def test_the_event_and_its_fields_are_in_the_line_and_beside_it(caplog):
    log_event(logger, logging.WARNING, "test.happened", user="0b6b", count=3)

    [record] = caplog.records
    assert record.getMessage() == "test.happened user=0b6b count=3"
    assert (record.levelname, record.event, record.user, record.count) == (
        "WARNING",
        "test.happened",
        "0b6b",
        3,
    )


def test_a_field_may_have_any_name(caplog):
    """Logging raises on a field named as one of its own: a line must never fail what it reports."""
    log_event(logger, logging.WARNING, "test.happened", message="m", name="n", args="a", asctime=1)

    [record] = caplog.records
    assert record.getMessage() == "test.happened message=m name=n args=a asctime=1"
    assert (record.message_, record.name_, record.args_) == ("m", "n", "a")


def test_each_line_says_of_what_it_is_as_long_as_that_lasts(caplog):
    with binding(run="r"), binding(plan=7):
        log_event(logger, logging.INFO, "test.happened", count=1)
        with binding(run="s"):
            assert bound() == {"run": "s", "plan": "7"}
    log_event(logger, logging.INFO, "test.over")

    inside, after = caplog.records
    assert inside.getMessage() == "test.happened run=r plan=7 count=1"
    assert (inside.run, inside.plan) == ("r", "7")
    assert after.getMessage() == "test.over "


def test_an_error_is_told_by_its_kind_and_place_and_never_quotes_what_it_was_about():
    try:
        "ada@example.com \ud83d".encode()
    except UnicodeEncodeError as error:
        told = kind_and_place(error)

    assert re.fullmatch(rf"UnicodeEncodeError at {__name__}:\d+", told)
    assert kind_and_place(ValueError("ada")) == "ValueError"
