"""Where the page about an invariant is found."""

import pytest

from integrity import runbooks
from integrity.runbooks import Page, page_of

NAME = "docs/runbook/toy.no_book_is_lost.md"
WIKI = "https://wiki.example.com/desk/"


@pytest.fixture
def project(settings, tmp_path):
    settings.BASE_DIR = tmp_path / "project"
    return settings.BASE_DIR


def write(folder, text, name=NAME):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_it_lies_in_the_project(project):
    assert page_of(NAME) == Page(NAME)
    write(project, "# Lost")
    assert page_of(NAME) == Page(NAME, text="# Lost")


def test_or_in_a_folder_of_its_own(project, setting, tmp_path):
    setting(RUNBOOK=str(tmp_path / "elsewhere"))
    write(project, "not this")
    write(tmp_path / "elsewhere", "# Lost")
    assert page_of(NAME).text == "# Lost"


def test_or_behind_an_address(project, setting):
    setting(RUNBOOK=WIKI)
    assert page_of(NAME) == Page(NAME, address=f"{WIKI}{NAME}")
    assert page_of("https://example.com/lost").address == "https://example.com/lost"


def test_a_page_of_the_project_goes_before_one_that_came_along(project, monkeypatch, tmp_path):
    monkeypatch.setattr(runbooks, "OURS", tmp_path / "ours")
    name = "docs/runbook/integrity.no_effect_is_dead.md"
    write(tmp_path / "ours", "ours", "integrity.no_effect_is_dead.md")
    assert page_of(name).text == "ours"
    write(project, "theirs", name)
    assert page_of(name).text == "theirs"
    write(tmp_path / "ours", "told", "alerts/critical.md")
    assert page_of("docs/runbook/alerts/critical.md").text == "told"


class TestTheCommand:
    def test_prints_the_page(self, manage, project, lost_books):
        lost_books()
        write(project, "# Lost\n\nLook under the counter.")
        ended = manage("integrity", "runbook", "toy.no_book_is_lost")
        assert (ended.code, ended.out) == (0, "# Lost\n\nLook under the counter.\n")

    def test_prints_where_it_is(self, manage, setting, project, lost_books):
        setting(RUNBOOK=WIKI)
        lost_books()
        assert manage("integrity", "runbook", "toy.no_book_is_lost").out == f"{WIKI}{NAME}\n"

    def test_says_that_there_is_none(self, manage, project, lost_books):
        lost_books()
        ended = manage("integrity", "runbook", "toy.no_book_is_lost")
        assert (ended.code, ended.out) == (1, "")
        assert NAME in ended.err

    def test_prints_the_page_about_a_kind_of_alert(self, manage):
        ended = manage("integrity", "runbook", "alerts/critical")
        assert ended.out.startswith("# Alert: critical")

    def test_knows_no_other_names(self, manage, project, lost_books):
        lost_books()
        for name in ("../../manage.py", "alerts/../README", "critical"):
            ended = manage("integrity", "runbook", name)
            assert (ended.code, ended.out) == (2, "")
