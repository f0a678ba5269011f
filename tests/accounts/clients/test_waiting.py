from datetime import UTC, datetime

import pytest

from accounts.clients.waiting import LONGEST, SHORTEST, seconds_to_wait

NOON = datetime(2026, 6, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("7", 7),
        ("2.5", 2.5),
        ("Sat, 20 Jun 2026 12:00:30 GMT", 30),
        ("Sat, 20 Jun 2026 11:00:00 GMT", SHORTEST),
        ("0", SHORTEST),
        ("-3", SHORTEST),
        ("nan", SHORTEST),
        ("inf", SHORTEST),
        ("1e9", LONGEST),
        ("soon", SHORTEST),
        ("Sat, 20 Jun 2026 12:00:30 +99999999999999", SHORTEST),
        (f"20 Jun 2026 {'9' * 20}:00:00", SHORTEST),
        ("", SHORTEST),
        (None, SHORTEST),
    ],
)
def test_a_pause_is_what_was_asked_for_within_reason(given, wanted):
    assert seconds_to_wait(given, now=NOON) == wanted
