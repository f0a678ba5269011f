"""Look for words in every table of the database, whoever made it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from psycopg import sql

from integrity.privacy.columns import Column, wordy_columns
from integrity.privacy.declare import holdings
from integrity.privacy.needles import Needles, needles
from integrity.sealed import UnreadableSeal, unseal


@dataclass(frozen=True, order=True)
class Residue:
    """Where something was found, and in how many rows; never what."""

    table: str
    column: str
    rows: int

    def __str__(self) -> str:
        return f"{self.table}.{self.column} ({self.rows})"


def residue_of(words: Iterable[str]) -> list[Residue]:
    """Where any of these words lies, in any case, escaped, url-encoded, in hexadecimal or base64.

    One statement a table, which reads all of it. Encrypted columns have `residue_under_seal`.

    Args:
        words: such as nobody else has, an address or a vendor's id; somebody else's row with the
            same word is found, too.

    Raises:
        TooShort: a word of less than five characters is in everybody's rows.
    """
    wanted = needles(words)
    tables: dict[str, list[str]] = {}
    for column in wordy_columns():
        tables.setdefault(column.table, []).append(column.name)
    return [each for table, names in tables.items() for each in _scan(table, names, wanted)]


def residue_under_seal(words: Iterable[str]) -> list[Residue]:
    """The same, in the columns that are declared to be sealed: each is opened.

    Raises:
        TooShort: see `residue_of`.
        UnreadableSeal: something was sealed with a key that is gone, so nobody can tell.
    """
    wanted = needles(words)
    sealed = [Column(each.table, name) for each in holdings for name in sorted(each.sealed)]
    counted = [Residue(each.table, each.name, _count_opened(each, wanted)) for each in sealed]
    return [each for each in counted if each.rows]


def _scan(table: str, names: list[str], wanted: Needles) -> list[Residue]:
    """What no row of a table has costs one look at each of its values."""
    counts = sql.SQL(", ").join(
        sql.SQL("count(*) FILTER (WHERE {0})").format(_holds(name)) for name in names
    )
    # As PostgreSQL itself writes the table's name: with schema and quotes where they are needed.
    query = sql.SQL("SELECT {0} FROM {1}").format(counts, sql.SQL(table))
    parameters = [sorted(map(_pattern, wanted.folded)), sorted(map(_pattern, wanted.exact))]
    with connection.cursor() as cursor:
        cursor.execute(query.as_string(), parameters * len(names))
        found = cursor.fetchone()
    return [Residue(table, name, rows) for name, rows in zip(names, found, strict=True) if rows]


def _holds(name: str) -> sql.Composed:
    return sql.SQL("lower({0}::text) LIKE ANY(%s) OR {0}::text LIKE ANY(%s)").format(
        sql.Identifier(name)
    )


def _pattern(text: str) -> str:
    escaped = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"


def _count_opened(column: Column, wanted: Needles) -> int:
    query = sql.SQL("SELECT {0} FROM {1} WHERE {0} IS NOT NULL").format(
        sql.Identifier(column.name), sql.SQL(column.table)
    )
    with connection.cursor() as cursor:
        cursor.execute(query.as_string())
        return sum(wanted.are_in(_opened(bytes(row[0]), column)) for row in cursor)


def _opened(token: bytes, column: Column) -> str:
    try:
        return str(unseal(token))
    except UnreadableSeal as error:
        raise UnreadableSeal(f"{column}: {error}") from error
