"""docs/edge-cases.md names tests, invariants and repairs that exist."""

import ast
import re
from pathlib import Path

import pytest

from integrity.invariants import invariants
from integrity.repair import repairs, repairs_of

BASE = Path(__file__).resolve().parents[1]
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in (BASE / "docs" / "edge-cases.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| Who")
]


def named(cell):
    return re.findall(r"`([\w.]+)`", cell)


def defined(path):
    """`Class::test` and `test` of a file."""
    for node in ast.parse((BASE / path).read_text()).body:
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}::{each.name}" for each in node.body if _is_test(each))
        elif _is_test(node):
            yield node.name


def _is_test(node):
    return isinstance(node, ast.FunctionDef) and node.name.startswith("test_")


def test_everybody_is_gone_through():
    who = {row[0] for row in ROWS}

    assert who == {
        *("user", "profile", "identity", "contact", "wedding", "member"),
        *("emailaddress", "subscription", "deletion"),
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}, {row[1]}")
def test_what_a_line_names_is_there(row):
    _, _, _, found_by, repair, test = row
    (path, _, name) = test.strip("` ").partition("::")

    assert name in set(defined(path))
    found = [each for each in named(found_by) if "." in each]
    assert set(found) <= set(invariants.names())
    for each in named(repair):
        assert repairs.get(each).invariant in found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}, {row[1]}")
def test_what_is_found_is_mended_or_the_line_says_why_not(row):
    _, _, _, found_by, repair, _ = row
    for invariant in (each for each in named(found_by) if "." in each):
        mends = [each.name for each in repairs_of(invariant)]
        in_words = repair.startswith("a person decides: ") and not mends

        assert set(named(repair)) & set(mends) or in_words or repair.startswith("the deletion ")
