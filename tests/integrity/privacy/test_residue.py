"""A word is found in whatever dress it lies, and only where it lies."""

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from django.db import connection
from psycopg import sql

from integrity.privacy import Residue, residue_of, residue_under_seal
from integrity.privacy.needles import TooShort
from integrity.sealed import seal

pytestmark = pytest.mark.django_db
ADDRESS, NAME = "Åda.o'n_eil+x@example.com", 'Zoë "Zo" Ngô'


@pytest.fixture
def notes():
    """A table of nobody's, in a schema of its own, with a row that a careless search would find."""
    with connection.cursor() as cursor:
        cursor.execute('CREATE SCHEMA "Toys"')
        cursor.execute(
            'CREATE TABLE "Toys"."Note" (id bigint, "Body" text, data jsonb, raw bytea, tags text[])'
        )
    # Where an underscore would stand for any letter.
    write("Body", ADDRESS.replace("_", "X"))
    return write


def write(column, value):
    with connection.cursor() as cursor:
        insert = sql.SQL('INSERT INTO "Toys"."Note" ({}) VALUES (%s)')
        cursor.execute(insert.format(sql.Identifier(column)).as_string(), [value])


def encoded(word, before):
    return base64.b64encode((before + word + " or more").encode()).decode()


@pytest.mark.parametrize("word", [ADDRESS, NAME])
def test_in_any_dress(notes, word):
    texts = [
        f"To: <{word}>",
        word.upper(),
        word.lower(),
        f"/?next={quote(word, safe='')}&x",
        quote_plus(word).lower(),
        html.escape(word),
        json.dumps({"to": [word]}),
        encoded(word, ""),
        encoded(word, "x"),
        encoded(word, "xy"),
        encoded(word.lower(), "xyz-1"),
        base64.urlsafe_b64encode(f"??>{word}".encode()).decode(),
    ]
    for text in texts:
        notes("Body", text)
    notes("data", json.dumps({"a": [{"b": f"x{word}y"}]}))
    notes("data", json.dumps({word: 1}))
    notes("raw", f"\0{word}\0".encode())
    notes("tags", ["none", word])

    found = {each.column: each.rows for each in residue_of([word])}

    assert found == {"Body": len(texts), "data": 2, "raw": 1, "tags": 1}


def test_of_none_nothing_is_found(notes):
    assert residue_of([ADDRESS, NAME]) == []


def test_rows_are_counted_for_each_column_and_told_without_the_word(notes):
    for column, value in (("Body", ADDRESS), ("Body", NAME), ("tags", [NAME])):
        notes(column, value)

    found = residue_of([ADDRESS, NAME])

    assert list(map(str, found)) == ['"Toys"."Note".Body (2)', '"Toys"."Note".tags (1)']


def test_what_is_sealed_is_opened():
    sealed = seal({"to": ADDRESS, "text": f"Dear {NAME}"})
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO integrity_outboxmessage (effect, key, ordering_key, payload, sealed)"
            " VALUES ('x', 'x', '', '{}', %s)",
            [sealed],
        )

    assert residue_of([ADDRESS]) == []
    assert residue_under_seal([ADDRESS]) == [Residue("integrity_outboxmessage", "sealed", 1)]
    assert residue_under_seal([NAME]) == [Residue("integrity_outboxmessage", "sealed", 1)]
    assert residue_under_seal(["somebody.else@example.com"]) == []


@pytest.mark.parametrize("words", [[], ["Ada"], [ADDRESS, "    "]])
def test_words_that_are_everywhere_are_refused(words):
    with pytest.raises(TooShort):
        residue_of(words)
