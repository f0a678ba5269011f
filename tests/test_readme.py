"""The README tells what is there: its commands run, its links lead somewhere."""

import re
import shlex
import struct
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import IntegrityError

BASE = Path(__file__).resolve().parents[1]
README = (BASE / "README.md").read_text()
SHELL = "\n".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL)).splitlines()
COMMANDS = [shlex.split(line, comments=True) for line in SHELL if line]
MANAGE = [words[2:] for words in COMMANDS if words[1:2] == ["manage.py"]]
MAKE = sorted(set(re.findall(r"\bmake (\w+)", README)) - {"and"})
LINKS = re.findall(r"\]\(([^)#:]+)\)", README)
PICTURES = [(path, told) for told, path in re.findall(r"!\[(.*?)\]\((.*?)\)", README)]
SIZE, LARGEST = (1100, 760), 150_000


def test_there_are_commands_to_run():
    assert ["integrity", "check"] in MANAGE
    assert {"demo", "test"} <= set(MAKE)
    assert all(words[0] in {"make", ".venv/bin/python"} for words in COMMANDS)


def ended_with(*words):
    try:
        call_command(*words)
    except SystemExit as stop:
        return stop.code
    return 0


@pytest.mark.django_db(transaction=True)
def test_what_an_engineer_is_told_to_type_runs_in_this_order(capsys):
    for words in MANAGE:
        if words[0] == "shell":
            with pytest.raises(IntegrityError, match="has no wedding"):
                call_command(*words, "--no-imports")
        elif words[:2] in (["integrity", "check"], ["integrity", "doctor"]):
            assert ended_with(*words) in {0, 1}, "no worker runs here, which it may find"
        else:
            call_command(*words)


@pytest.mark.parametrize("target", MAKE)
def test_a_target_of_make_is_there(target):
    assert re.search(rf"^{target}:", (BASE / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize(
    "command",
    [
        "step make lint\n",
        "step make test\n",
        "step make storm\n",
        "step make e2e",
        "step make pictures",
        "    make demo PORT=0",
        "step make bench",
        "step make portable\n",
    ],
)
def test_ci_runs_what_the_readme_says_it_runs(command):
    assert f"\n{command}" in (BASE / ".ci" / "run").read_text()


@pytest.mark.parametrize("link", sorted(set(LINKS)))
def test_a_link_leads_somewhere(link):
    assert (BASE / link).exists()


def test_the_pictures_that_are_kept_are_the_ones_that_are_shown():
    kept = {str(path.relative_to(BASE)) for path in (BASE / "docs" / "pictures").iterdir()}
    assert kept == {path for path, _ in PICTURES}


@pytest.mark.parametrize(("path", "told"), PICTURES)
def test_a_picture_is_small_as_large_as_the_others_and_told_in_words(path, told):
    content = (BASE / path).read_bytes()
    assert content.startswith(b"\x89PNG")
    assert struct.unpack(">II", content[16:24]) == SIZE
    assert len(content) < LARGEST
    assert len(told.split()) > 5
