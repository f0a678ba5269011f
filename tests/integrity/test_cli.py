"""Colours are for people: on a terminal that wants them."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management import color as django_color

pytestmark = pytest.mark.django_db(transaction=True)
ESCAPE = "\x1b["


class Terminal(StringIO):
    def isatty(self):
        return True


@pytest.fixture
def coloured(monkeypatch):
    """Standard output is a terminal with colours."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(django_color, "supports_color", lambda: True)


def said(err):
    """What a check says on the side."""
    call_command("integrity", "check", stdout=StringIO(), stderr=err)
    return err.getvalue()


def test_a_terminal_gets_them(coloured, lost_books):
    lost_books()
    assert ESCAPE in said(Terminal())


def test_a_file_gets_none_though_the_result_goes_to_a_terminal(coloured, lost_books):
    lost_books()
    assert ESCAPE not in said(StringIO())


def test_whoever_wants_none_gets_none(coloured, lost_books, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    lost_books()
    text = said(Terminal())
    assert "see: manage.py integrity findings" in text
    assert ESCAPE not in text
