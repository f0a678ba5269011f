"""docs/deploy.md: its commands are there, its metrics are those that are served, its names are ours."""

import re
import shlex
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.urls import reverse

from accounts.billing.changes import CHANGES
from config import health
from config.environment import REQUIRED
from integrity.examinations import examinations
from integrity.metrics import exposition
from tests.exposition import parse

BASE = Path(__file__).resolve().parents[1]
PAGE = (BASE / "docs" / "deploy.md").read_text()
BLOCKS = [
    block
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    if language != "sql"
]
ENVIRONMENT, VENDORS = (
    PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    for title in ("1. Environment", "11. Vendors")
)
SOURCES = "".join(
    (BASE / "config" / name).read_text() for name in ("settings.py", "environment.py")
)
ONLY_IN_DEVELOPMENT = {"STAND_INS_URL"}
TYPED = [part for line in "\n".join(BLOCKS).splitlines() for part in line.split("&&")]
COMMANDS = [
    shlex.split(line[line.index("manage.py") :], comments=True)[1:]
    for line in TYPED
    if "manage.py" in line
]


def test_there_are_commands():
    assert len(COMMANDS) > 20


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_can_be_typed_like_that(words):
    parser = load_command_class(get_commands()[words[0]], words[0]).create_parser(
        "manage.py", words[0]
    )
    parser.parse_args(words[1:])


def test_each_examination_that_is_named_is_there():
    named = {each for words in COMMANDS if words[:2] == ["integrity", "doctor"] for each in words}
    names = {each for each in named if "." in each}
    assert names
    assert names <= set(examinations.names())


@pytest.mark.django_db(transaction=True)
def test_each_metric_that_is_served_is_named_and_no_other():
    named = set(re.findall(r"`(integrity_\w+)`", PAGE.partition("| Metric |")[2]))
    assert named == set(parse(exposition()))


@pytest.mark.parametrize("name", REQUIRED)
def test_each_variable_that_is_required_is_named(name):
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("path", health.ANSWERS)
def test_each_probe_is_named(path):
    assert f"`{path}`" in PAGE


def test_each_variable_that_is_named_is_read():
    named = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", ENVIRONMENT.partition("`DEBUG`")[0] + VENDORS))
    assert named
    assert {name for name in named if f'"{name}"' not in SOURCES} == set()


def test_each_variable_that_is_read_is_named():
    read = set(re.findall(r'(?:text|words|number|flag|token|networks)\(\s*"([A-Z_]+)"', SOURCES))
    assert {name for name in read - ONLY_IN_DEVELOPMENT if f"`{name}`" not in PAGE} == set()


def test_stripe_is_told_of_the_endpoint_and_of_the_events_that_change_something():
    assert f"https://your.host{reverse('accounts_stripe_webhook')}`" in VENDORS
    listed = re.search(r"^```\n(checkout.*?)^```", VENDORS, re.DOTALL | re.MULTILINE)
    assert set(listed[1].split()) == set(CHANGES)


@pytest.mark.parametrize("name", ["STRIPE_API_VERSION", "STRIPE_WEBHOOK_API_VERSION"])
def test_the_version_that_is_tested_is_the_one_that_is_set(name):
    row = next(line for line in VENDORS.splitlines() if line.startswith(f"| `{name}` |"))
    assert f"`{getattr(settings, name)}` is tested" in row
