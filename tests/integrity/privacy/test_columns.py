"""Nobody adds a column without saying whether it is personal."""

from dataclasses import replace

import pytest
from django.db import connection

from integrity.privacy import hold, hold_table, problems
from integrity.privacy.columns import Column, unclassified, unclassified_in_the_database
from integrity.privacy.declare import holdings


@pytest.fixture
def own_holdings(monkeypatch):
    monkeypatch.setattr(holdings, "_entries", dict(holdings._entries))
    return holdings._entries


def of_the_holdings():
    return [each for each in problems.of_the_holdings() if " toy_" not in each.msg]


def of_nobody():
    """Tests keep a copy of what migrations leave in a schema of their own."""
    found = unclassified_in_the_database()
    return [each for each in found if not each.table.startswith("pristine.")]


def without(entries, table, column):
    known = entries[table]
    entries[table] = replace(
        known,
        personal=tuple(name for name in known.personal if name != column),
        neither={name: why for name, why in known.neither.items() if name != column},
    )


def test_every_column_that_may_hold_words_is_classified():
    assert [problem.msg for problem in of_the_holdings()] == []


@pytest.mark.django_db
def test_and_every_table_that_no_model_is_made_for():
    assert of_nobody() == []


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("accounts_profile", "name"),
        ("accounts_wedding", "date"),
        ("integrity_finding", "evidence"),
        ("onboarding_wizarddraft", "data"),
        ("django_session", "session_data"),
        ("accounts_profile", "interests_wanted"),
        ("accounts_failedrequest", "user"),
    ],
)
def test_one_without_a_word_is_named_with_what_to_do(own_holdings, table, column):
    without(own_holdings, table, column)

    (problem,) = of_the_holdings()

    assert problem.msg == f"Nobody has said whether {table}.{column} is personal."
    assert problem.id == "integrity.E021"
    assert "personal_data.py" in problem.hint


def test_a_model_without_any_word_is_named_by_each_of_its_columns(own_holdings):
    del own_holdings["accounts_contact"]

    assert [each for each in unclassified() if not each.table.startswith("toy_")] == [
        Column("accounts_contact", "contact_id"),
        Column("accounts_contact", "told"),
    ]


def test_a_word_for_no_column_is_named(own_holdings):
    own_holdings["accounts_contact"] = replace(
        own_holdings["accounts_contact"], neither={"told": "a digest", "toled": "misspelt"}
    )

    assert [problem.id for problem in of_the_holdings()] == ["integrity.E021", "integrity.E022"]
    assert "accounts_contact.toled" in of_the_holdings()[1].msg


def test_a_project_that_declares_nothing_is_left_alone(own_holdings):
    for table in list(own_holdings):
        if not table.startswith("integrity_"):
            del own_holdings[table]

    assert of_the_holdings() == []


@pytest.mark.django_db
def test_a_table_of_nobodys_is_found_in_the_database(own_holdings):
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA toys")
        cursor.execute(
            "CREATE TABLE toys.note (id bigint, at timestamptz(3), body text, tags text[])"
        )
    wordy = [Column("toys.note", "body"), Column("toys.note", "tags")]
    assert of_nobody() == wordy

    hold_table("toys.note", neither={"body": "an example"})

    assert of_nobody() == wordy[1:]


def test_what_is_personal_needs_a_word_on_how_it_goes(own_holdings):
    del own_holdings["accounts_contact"]

    with pytest.raises(ValueError, match="say how it is erased"):
        hold("accounts.Contact", personal=("contact_id",))
