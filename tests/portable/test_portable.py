"""`integrity` in an environment of its own: what its README says is done, in its order.

The tests of this file need each other, from the first to the last.
"""

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.portable.conftest import BASE, blocks

README = (BASE / "integrity" / "README.md").read_text()
ALONE = {"asgiref", "django", "everafter", "pip", "psycopg", "psycopg-binary", "setuptools"} | {
    *("sqlparse", "typing-extensions")
}
RUNBOOK = "# library.shelves_count_their_books\n\nCount them by hand.\n"
CRON = re.compile(r"^\S+ \S+ \* \* \* +")
PLAN = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def test_it_comes_with_django_and_psycopg_alone(project):
    listed = json.loads(project.run("-m", "pip", "list", "--format", "json").stdout)
    names = {re.sub("[._]", "-", each["name"].lower()) for each in listed}
    assert names == ALONE


def test_the_wheel_has_all_that_the_folder_has(project, source):
    where = project.run("-c", "import integrity; print(integrity.__path__[0])").stdout.strip()
    installed = {str(path.relative_to(where)) for path in Path(where).rglob("*") if path.is_file()}
    ours = {
        str(path.relative_to(source / "integrity"))
        for path in (source / "integrity").rglob("*")
        if path.is_file()
    }
    assert ours - installed == {"README.md"}
    assert {
        f"runbook/{name}.md" for name in ("alerts/critical", "integrity.no_effect_is_dead")
    } <= (installed)
    assert not [name for name in installed if name.startswith("runbook/accounts.")]


class Reader:
    """Does what is written, block by block, as somebody who reads it would."""

    def __init__(self, project):
        self.project, self.plan, self.said = project, "", []

    def follow(self, language, text):
        if language == "python":
            self.project.add(text.partition("\n")[0].removeprefix("# "), text)
        elif language in ("sh", "cron"):
            for line in text.splitlines():
                self.type(CRON.sub("", line), {0, 1} if language == "cron" else {0})

    def type(self, line, codes):
        line, _, comment = line.partition("        # exit ")
        words = shlex.split(line.removesuffix(" >/dev/null").replace("$PLAN", self.plan))
        if words[0] == "pip":
            return
        assert words[0] == "python", line
        ended = self.project.run(*words[1:])
        assert ended.returncode in ({int(comment)} if comment else codes), (
            f"{line}\n{ended.stdout}\n{ended.stderr}"
        )
        self.said.append((line, ended))
        if words[2:4] == ["integrity", "plan"]:
            self.plan = PLAN.search(ended.stdout).group()


@pytest.fixture(scope="module")
def read(project):
    """The README, followed to its end; what each line of it printed."""
    reader = Reader(project)
    folder = project.place / "docs" / "runbook"
    folder.mkdir(parents=True)
    (folder / "library.shelves_count_their_books.md").write_text(RUNBOOK)
    for language, text in blocks(README):
        reader.follow(language, text)
    return reader.said


def answers(said, line):
    return [ended for typed, ended in said if typed == line]


def test_the_readme_can_be_followed_to_its_end(read):
    assert len(read) == len(
        re.findall(r"^(?:\S+ \S+ \* \* \* +)?python manage", README, re.MULTILINE)
    )


def test_what_was_broken_is_found_mended_and_back(read):
    found = answers(read, "python manage.py integrity findings")[0].stdout
    assert "library.shelves_count_their_books" in found
    before, mended, undone = answers(read, "python manage.py integrity check")
    assert "1 broken" in before.stdout
    assert "0 broken" in mended.stdout
    assert "1 broken" in undone.stdout
    shown = answers(read, "python manage.py integrity check --format json --no-record")[0]
    assert json.loads(shown.stdout)["status"] == "critical"


def test_the_selftest_breaks_and_mends_it(read):
    (tested,) = answers(read, "python manage.py integrity selftest library")
    assert "library.count_books" in tested.stdout
    assert "undone" in tested.stdout


def test_the_effect_is_delivered(read):
    delivered = answers(read, "python manage.py outbox relay")[-1]
    assert "New: Emma" in delivered.stdout


def test_the_saga_leaves_both_systems(project, read):
    (listed,) = answers(read, "python manage.py saga list --all")
    assert "completed" in listed.stdout
    assert (project.place / "window.txt").read_text() == ""
    assert (project.place / "library" / "sagas.json").exists()


def test_every_page_of_the_stock_admin_answers(project, read):
    project.add("visit.py", Path(__file__).with_name("visit.py").read_text())
    visited = project.run("visit.py")
    assert visited.returncode == 0, visited.stderr
    lines = visited.stdout.splitlines()
    assert len(lines) > 12
    assert [line for line in lines if not line.startswith("200 ")] == []


def test_what_was_asked_for_on_a_page_is_done_without_celery(project, read):
    ended = project.run("manage.py", "integrity", "queued", "--format", "json")
    assert [each["scope"] for each in json.loads(ended.stdout)] == [
        "library.shelves_count_their_books"
    ]


def test_it_says_what_to_do(project, read):
    assert (
        project.run("manage.py", "integrity", "runbook", "library.shelves_count_their_books").stdout
        == RUNBOOK
    )
    ours = project.run("manage.py", "integrity", "runbook", "integrity.no_effect_is_dead")
    assert ours.stdout.startswith("# integrity.no_effect_is_dead")


def test_it_goes_as_it_came(project, read):
    for words in (["makemigrations", "--check"], ["migrate", "integrity", "zero"]):
        ended = project.run("manage.py", *words)
        assert ended.returncode == 0, ended.stderr
