"""The walk that the demo's first page promises: find it, look at its repair, repair it, see that it
holds, take it back. Over a real demo, whose worker does the work.

Changed words on these pages break it: then the demo's first page and the README need them, too.
"""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, expect

from tests.browser.visitor import Visitor

BROKEN = "A wedding's stats say how many tasks are done."
PATIENCE = 60_000
Show = Callable[[str], object]


def find_repair_and_undo(newcomer: Visitor, *, operator: str, password: str, show: Show) -> None:
    """`show` is told of each page that is worth a look, by name."""
    find_it(newcomer, operator=operator, password=password, show=show)
    preview_it(newcomer, show)
    repair_it(newcomer, show)
    see_that_it_holds(newcomer)
    undo_it(newcomer, show)
    see_that_it_is_broken_again(newcomer)


def find_it(newcomer: Visitor, *, operator: str, password: str, show: Show) -> None:
    newcomer.open("/demo/")
    newcomer.sees("Four things were broken on purpose")
    newcomer.follow("Open the overview")
    newcomer.type(login=operator, password=password)
    newcomer.press("Log in")
    newcomer.is_at("/admin/integrity/overview/")
    show("overview")
    newcomer.follow(BROKEN)


def preview_it(newcomer: Visitor, show: Show) -> None:
    newcomer.follow("Plan a repair")
    newcomer.type(reason="The counts lag behind the tasks")
    newcomer.press("Plan it")
    newcomer.sees("Row by row")
    expect(newcomer.page.locator("tbody del")).to_have_count(3)
    show("preview")


def repair_it(newcomer: Visitor, show: Show) -> None:
    newcomer.follow("Approve")
    newcomer.type(reason="Three weddings, two tasks each")
    newcomer.press("Approve 3 changes")
    newcomer.follow("Apply")
    newcomer.type(reason="As approved")
    carry_out(newcomer, "Update 3 rows of accounts_weddingstats")
    comes_to(newcomer, "applied")
    has_been_checked(newcomer, "3 findings resolved, 0 still there")
    show("result")


def see_that_it_holds(newcomer: Visitor) -> None:
    plan = newcomer.page.url
    newcomer.open("/admin/integrity/overview/")
    expect(newcomer.page.get_by_text("5 of ")).to_be_visible()
    expect(newcomer.page.get_by_role("link", name=BROKEN)).to_have_count(0)
    newcomer.open(plan)


def undo_it(newcomer: Visitor, show: Show) -> None:
    newcomer.follow("Undo")
    newcomer.sees("Nothing was edited since")
    newcomer.type(reason="To see that it can be taken back")
    carry_out(newcomer, "Put back 3 changes")
    comes_to(newcomer, "undone")
    has_been_checked(newcomer, "Checked after the undo")
    show("undone")


def see_that_it_is_broken_again(newcomer: Visitor) -> None:
    newcomer.open("/admin/integrity/overview/")
    line = newcomer.page.get_by_role("row").filter(has_text=BROKEN)
    expect(line).to_contain_text("3 regressed")


def carry_out(newcomer: Visitor, button: str) -> None:
    """Till the next page is there: to ask anew for one that is being left is an error in Chromium."""
    newcomer.press(button)
    expect(newcomer.page.get_by_role("button", name=button, exact=True)).to_have_count(0)


def comes_to(newcomer: Visitor, state: str) -> None:
    """With scripts the page tells by itself how far it is; without, one looks again."""
    arrives(newcomer, newcomer.page.get_by_role("heading", name=re.compile(f": {state}$")))


def has_been_checked(newcomer: Visitor, words: str) -> None:
    """A moment after the work."""
    arrives(newcomer, newcomer.page.get_by_text(words))


def arrives(newcomer: Visitor, sight: Locator) -> None:
    if newcomer.has_scripts:
        expect(sight).to_be_visible(timeout=PATIENCE)
        return
    for _ in range(PATIENCE // 1000):
        newcomer.page.reload()
        if sight.is_visible():
            return
        newcomer.page.wait_for_timeout(1000)
    expect(sight).to_be_visible()
