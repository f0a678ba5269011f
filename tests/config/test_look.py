"""What the strict policy and the tokens ask of every page, read from the files."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template

from onboarding.catalogue import INTEREST_SLUGS

BASE = Path(__file__).resolve().parents[2]
CSS = BASE / "config/static/css"
TEMPLATES = [
    path
    for app in ("config", "accounts", "onboarding")
    for path in sorted((BASE / app / "templates").rglob("*.html"))
]
PAGES = [path for path in TEMPLATES if path.parent.name != "mail"]
INLINE = re.compile(r"<style\b|\sstyle=|\son[a-z]+=|<script(?![^>]*\bsrc=)|javascript:", re.I)
COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|\b(?:rgb|hsl)a?\(", re.I)


def name_of(path):
    return str(path.relative_to(BASE))


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_compiles(path):
    get_template(name_of(path).partition("/templates/")[2])


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_a_page_has_no_inline_style_or_script(path):
    assert not INLINE.search(path.read_text())


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_a_page_loads_nothing_from_elsewhere(path):
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", path.read_text())


@pytest.mark.parametrize("name", ["site.css", "pages.css"])
def test_colours_are_named_in_the_tokens_only(name):
    assert not COLOUR.search((CSS / name).read_text())


def test_the_two_ways_into_the_dark_lead_to_the_same_colours():
    blocks = re.findall(r"\{\s*color-scheme: dark;([^}]*)\}", (CSS / "tokens.css").read_text())
    by_device, by_choice = (dict(re.findall(r"(--[\w-]+): ([^;]+);", block)) for block in blocks)
    assert by_device == by_choice
    assert len(by_choice) > 25


def test_every_colour_has_its_dark_counterpart():
    light, dark = re.split(r"color-scheme: dark;", (CSS / "tokens.css").read_text())[:2]
    colours = re.findall(r"(--[\w-]+): #", light)
    assert set(colours) <= set(re.findall(r"(--[\w-]+): #", dark))


def test_every_interest_has_its_drawing():
    drawn = (BASE / "config/static/icons/icons.svg").read_text()
    assert not [slug for slug in INTEREST_SLUGS if f'id="{slug}"' not in drawn]
