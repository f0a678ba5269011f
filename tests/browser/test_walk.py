"""A newcomer and a real demo, with a worker of its own: five minutes from the first page."""

import re
import time

import pytest

from demo.faults import OPERATOR
from tests.browser import walk
from tests.browser.visitor import WCAG, Visitor
from tests.config.checkout import copy_to
from tests.config.test_embedded_postgres import remove
from tests.demo.test_command import Demo

FIVE_MINUTES = 300


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = copy_to(tmp_path_factory.mktemp("walk") / "everafter")
    (folder / ".env").write_text("DEBUG=true\n")
    running = Demo(folder, "--couples", "20")
    yield running
    running.interrupt()
    remove(folder)


@pytest.fixture
def password(demo):
    return re.search(r"with the password (\S+)", demo.said)[1]


@pytest.fixture
def arrive(demo, browser):
    contexts = []

    def arrive(*, scripts: bool) -> Visitor:
        contexts.append(
            browser.new_context(
                base_url=demo.site, reduced_motion="reduce", java_script_enabled=scripts
            )
        )
        return Visitor(contexts[-1].new_page(), site=demo.site, scripts=scripts)

    yield arrive
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_finds_a_fault_repairs_it_and_takes_that_back(arrive, password, scripts):
    newcomer, began = arrive(scripts=scripts), time.monotonic()
    shown = []

    def look(name):
        shown.append(name)
        newcomer.look_around(**WCAG)

    walk.find_repair_and_undo(newcomer, operator=OPERATOR, password=password, show=look)

    assert shown == ["overview", "preview", "result", "undone"]
    assert time.monotonic() - began < FIVE_MINUTES
    assert newcomer.complaints == []
