"""Whoever is woken up finds a page, and what it tells them to type is there."""

import re
from pathlib import Path

import pytest

from integrity import alerts
from integrity.invariants import invariants
from integrity.repair import repairs
from integrity.runbooks import OURS, page_of
from tests.spoken import assert_it_can_be_typed, assert_it_fits_the_tables

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "runbook"
PAGES = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.*.md"))}
ALERTS = {path.stem: path.read_text() for path in sorted((FOLDER / "alerts").glob("*.md"))}
INDEX = (FOLDER / "README.md").read_text()
ALL = {"README": INDEX, **PAGES, **{f"alerts/{kind}": text for kind, text in ALERTS.items()}}
SECTIONS = ["Symptom", "How urgent", "Look", "Do", "Undo", "Escalate"]


def each(pages):
    return pytest.mark.parametrize("text", [pytest.param(pages[id], id=id) for id in pages])


def declared():
    return [name for name in invariants.names() if not name.startswith("toy.")]


def test_each_invariant_has_its_page_and_each_page_its_invariant():
    assert list(PAGES) == declared()


def test_each_kind_of_alert_has_its_page_and_each_page_its_kind():
    assert list(ALERTS) == sorted(alerts.KINDS)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_found_by_the_declaration(name):
    assert page_of(invariants.get(name).runbook).text == PAGES[name]
    assert PAGES[name].startswith(f"# {name}\n")


def test_the_pages_about_integrity_go_where_it_goes():
    ours = {path.stem for path in OURS.glob("integrity.*.md")}
    assert ours == {name for name in PAGES if name.startswith("integrity.")}


@each({**PAGES, **{f"alerts/{kind}": text for kind, text in ALERTS.items()}})
def test_a_page_says_everything_in_the_same_order(text):
    parts = re.split(r"^\*\*([\w ]+)\.\*\*\s", text, flags=re.MULTILINE)
    assert parts[1::2] in (SECTIONS, [*SECTIONS[:2], "Who notices", *SECTIONS[2:]])
    assert all(part.strip() for part in parts[2::2])


@each(ALL)
def test_a_block_begins_on_a_line_of_its_own_or_it_is_shown_as_prose(text):
    assert re.findall(r"^.+```.*$", text, re.MULTILINE) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_offers_the_repair_there_is_or_says_that_there_is_none(name):
    planned = f"manage.py integrity plan {name}\n" in PAGES[name]
    assert planned == any(repair.invariant == name for repair in repairs)


@each(ALL)
def test_what_it_tells_to_type_can_be_typed(text):
    assert_it_can_be_typed(text)


@each(PAGES)
@pytest.mark.django_db
def test_its_sql_fits_the_tables(text):
    assert_it_fits_the_tables(text)


@each(ALL)
def test_a_link_leads_to_another_page(text):
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert (FOLDER / target).is_file(), target


def test_the_index_names_every_page():
    pages = {f"({path.relative_to(FOLDER)})" for path in FOLDER.rglob("*.md")} - {"(README.md)"}
    assert {page for page in pages if page not in INDEX} == set()
