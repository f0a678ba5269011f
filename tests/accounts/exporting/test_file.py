"""What is in the file: all of it, nothing of others, and nothing that does anything by itself."""

import json
from html import escape
from html.parser import HTMLParser

import pytest
from django.db.models import F

from accounts.exporting.copies import content_of
from accounts.exporting.file import cell
from accounts.exporting.page import in_words
from accounts.models import Profile
from integrity.privacy import export_of
from tests.accounts.exporting.story import make, opened, rows, tables
from tests.factories import OnboardedCoupleFactory, TaskFactory

EVIL = '=HYPERLINK("https://evil.example";"click")'


@pytest.fixture
def ada():
    return OnboardedCoupleFactory(
        email="ada@example.com",
        tasks=1,
        profile__name="Ada <b>Ōta</b>",
        wedding__place="Ockham Park",
    )


@pytest.mark.django_db(transaction=True)
class TestTheFile:
    def test_has_what_is_declared_three_times_over(self, ada):
        files = opened(make(ada))

        parts = export_of(ada)
        assert {part.name for part in parts} == set(tables(files))
        for part in parts:
            assert tables(files)[part.name]["rows"] == part.rows
            assert tables(files)[part.name]["title"] == part.title
            assert len(rows(files, part.name)) == len(part.rows)
            assert f"<h2>{escape(part.title)}</h2>" in files["index.html"]

    def test_says_what_it_is_and_of_when(self, ada):
        files = opened(make(ada))

        assert sorted(files)[0] == "README.txt"
        assert {"README.txt", "data.json", "index.html"} < set(files)
        assert all(
            name.startswith("csv/")
            for name in set(files) - {"README.txt", "data.json"}
            if name != "index.html"
        )
        assert "It is what there was on" in files["README.txt"]
        assert "      1 rows  csv/accounts_user.csv" in files["README.txt"]

    def test_has_nothing_of_others_and_no_secret(self, ada):
        eve = OnboardedCoupleFactory(email="eve@example.com", profile__name="Evelyn")
        everything = json.dumps(opened(make(ada)))

        for word in (eve.email, "Evelyn", str(eve.uid), ada.password):
            assert word not in everything

    def test_names_are_read_in_every_spelling_and_never_as_markup(self, ada):
        files = opened(make(ada))

        assert "Ada &lt;b&gt;Ōta&lt;/b&gt;" in files["index.html"]
        assert rows(files, "accounts_profile")[0]["name"] == "Ada <b>Ōta</b>"
        assert "Ōta" in files["data.json"]

    def test_no_text_of_theirs_is_a_formula(self, ada):
        TaskFactory(wedding=ada.membership.wedding, title=EVIL)
        Profile.objects.update(partner_name="@SUM(1)", version=F("version") + 1)
        files = opened(make(ada))

        assert rows(files, "onboarding_task")[-1]["title"] == f"'{EVIL}"
        assert rows(files, "accounts_profile")[0]["partner_name"] == "'@SUM(1)"
        assert tables(files)["onboarding_task"]["rows"][-1]["title"] == EVIL

    @pytest.mark.parametrize("title", ["Cake;=1+1", "Cake\t=1+1"])
    def test_nor_is_a_part_of_one(self, ada, title):
        """As where a table is taken apart at semicolons and tabs, too, unless they are in quotes."""
        TaskFactory(wedding=ada.membership.wedding, title=title)
        files = opened(make(ada))

        assert f'"{title}"' in files["csv/onboarding_task.csv"]
        assert rows(files, "onboarding_task")[-1]["title"] == title

    def test_the_page_asks_nobody_for_anything(self, ada):
        TaskFactory(wedding=ada.membership.wedding, title='<img src="https://evil.example/x.png">')
        found = []

        class Reader(HTMLParser):
            def handle_starttag(self, tag, attrs):
                found.append((tag, dict(attrs)))

        Reader().feed(opened(make(ada))["index.html"])

        assert {"script", "img", "link", "a", "iframe"}.isdisjoint(tag for tag, _ in found)
        assert not [attrs for _, attrs in found if {"src", "href"} & set(attrs)]

    def test_the_same_contents_are_the_same_names_in_the_same_order(self, ada):
        first, second = (opened(make(ada)) for _ in range(2))

        assert list(first) == list(second)

    def test_the_bytes_lie_encrypted(self, ada):
        export = make(ada)

        raw = b"".join(bytes(each.sealed) for each in export.pieces.all())
        assert b"".join(content_of(export))[:4] == b"PK\x03\x04"
        assert b"PK" not in raw[:4]


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "＝1"])  # noqa: RUF001
def test_a_spreadsheet_takes_nothing_for_a_formula(text):
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "shown"),
    [("Oslo", "Oslo"), (None, ""), (-3, "-3"), (True, "true"), (["ø"], '["ø"]'), ("", "")],
)
def test_all_else_stays_as_it_is(value, shown):
    assert cell(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),  # noqa: RUF001
        (True, "yes"),
        (12, "12"),
        ("2031-05-17", "17 May 2031"),
        ("2026-11-20T21:40:03.123Z", "20 November 2026, 21:40"),
        ("2026-11-20T23:30:00+02:00", "20 November 2026, 21:30"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
        ("2026-31-31", "2026-31-31"),
        ("2026-W01-1", "2026-W01-1"),
        ("2026-12-24 18:00", "2026-12-24 18:00"),
        ("1234-56 Main Street", "1234-56 Main Street"),
        (["music", "food"], "music, food"),
        ({"line1": "A", "city": None}, "Line1: A, City: –"),  # noqa: RUF001
    ],
)
def test_the_page_says_it_as_people_do(value, shown):
    assert in_words(value) == shown
