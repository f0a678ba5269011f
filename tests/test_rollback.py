"""Each step of each saga has a page that says what it did and how it is taken back."""

import re
from pathlib import Path

import pytest

from integrity import doctor
from integrity.runbooks import page_of, rollback_of
from integrity.saga.definition import Pivot, sagas
from tests.spoken import assert_it_can_be_typed, assert_it_fits_the_tables

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "rollback"
PAGES = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.*.md"))}
INDEX = (FOLDER / "README.md").read_text()
SECTIONS = ["What it does", "How it is undone", "How well", "Look", "By hand"]
THERE_AND_BACK = ("Exact", "Lossy")
ONE_WAY = ("Impossible", "Nothing to undo")
EACH = pytest.mark.parametrize("name", PAGES)


def declared():
    """Each step by its page's name, and whether it is behind the pivot or is it."""
    for saga in sagas:
        past = False
        for step in saga.steps:
            past = past or isinstance(step, Pivot)
            if not saga.kind.startswith("toy."):
                yield f"{saga.kind}.{step.name}", step, past


def parts(text):
    found = re.split(r"^\*\*([\w ]+)\.\*\*\s", text, flags=re.MULTILINE)
    return dict(zip(found[1::2], (part.strip() for part in found[2::2]), strict=True))


def test_each_step_has_its_page_and_each_page_its_step():
    assert list(PAGES) == sorted({name for name, _, _ in declared()})


@EACH
def test_a_page_is_found_by_the_names_of_the_saga_and_the_step(name):
    assert page_of(rollback_of(*name.rsplit(".", 1))).text == PAGES[name]
    assert PAGES[name].startswith(f"# {name}\n")


@EACH
def test_a_page_says_everything_in_the_same_order(name):
    assert list(parts(PAGES[name])) == SECTIONS
    assert all(parts(PAGES[name]).values())


def test_how_well_it_is_undone_is_what_the_declaration_allows():
    for name, step, past in declared():
        allowed = THERE_AND_BACK if getattr(step, "undo", None) else ONE_WAY
        well = parts(PAGES[name])["How well"]
        assert well.startswith(allowed), name
        assert past or not well.startswith("Impossible"), name


@EACH
def test_what_it_tells_to_type_can_be_typed(name):
    assert_it_can_be_typed(PAGES[name])


@EACH
def test_where_a_person_s_word_takes_two_it_says_so(name):
    by_word = re.search(r"saga (mark-done|skip-undo) ", PAGES[name])
    assert bool(by_word) == ("`--confirm`" in PAGES[name])


@EACH
@pytest.mark.django_db
def test_its_sql_fits_the_tables(name):
    assert_it_fits_the_tables(PAGES[name])


@EACH
def test_a_link_leads_to_another_page(name):
    for target in re.findall(r"\]\(([^)]+)\)", PAGES[name]):
        assert (FOLDER / target).is_file(), target


def test_the_index_says_of_each_page_how_well():
    told = dict(re.findall(r"^- \[([\w.]+)\]\(\1\.md\): (.+)$", INDEX, re.MULTILINE))
    assert set(told) == set(PAGES)
    for name, well in told.items():
        assert parts(PAGES[name])["How well"].lower().startswith(well), name


def test_the_doctor_misses_a_page_that_nobody_has_written(settings, tmp_path):
    assert doctor.every_step_has_a_page().result == "ok"
    settings.BASE_DIR = tmp_path
    found = doctor.every_step_has_a_page()
    assert found.result == "failed"
    assert found.what.startswith("not written: docs/rollback/accounts.change_email.hold_address.md")
