"""Somebody at a browser who notices what is wrong with a page."""

import re
import shutil

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Error, Page, Request, expect

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
# The standard without axe's own advice, for pages whose frame is Unfold's. The rule that 2.2 adds is
# left out: what lies half below Unfold's bar counts as too small to be hit.
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
# By night only the colours are others.
OF_COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
# What htmx says when a page is left while a draft of it is on its way.
GIVEN_UP = ("htmx:afterRequest", "htmx:sendAbort")


class Visitor:
    """A page and what it complained of: errors in the console (a refusal by the content security
    policy is one), scripts that failed, addresses of somebody else."""

    def __init__(self, page: Page, *, site: str, scripts: bool = True) -> None:
        self.page = page
        self.site = site
        self.has_scripts = scripts
        self.complaints: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", self._fail)
        page.on("request", self._ask)

    def open(self, path: str) -> None:
        self.page.goto(path)

    def follow(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).click()

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def type(self, **answers: str) -> None:
        """By the name of the field, for want of a label that stays the same."""
        for name, text in answers.items():
            self.page.locator(f"[name={name}]").fill(text)

    def choose(self, *labels: str) -> None:
        for label in labels:
            self.page.get_by_role("checkbox", name=re.compile(label)).check()

    def sees(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", name=heading, exact=True)).to_be_visible()

    def is_at(self, path: str) -> None:
        expect(self.page).to_have_url(self.site + path)

    def look_around(self, **axe_options: object) -> None:
        """On a phone and at a desk, by day and by night: nothing sticks out, nothing is unreadable.

        axe is a script itself, so nothing is checked in a browser without.
        """
        if not self.has_scripts:
            return
        self.page.wait_for_load_state()
        for size in (PHONE, DESKTOP):
            self.page.set_viewport_size(size)
            assert self._fits(), f"{self.page.url} is wider than {size['width']} px"
            for scheme, rules in (("light", axe_options), ("dark", OF_COLOURS)):
                self.page.emulate_media(color_scheme=scheme)
                self._check(rules, where=f"{self.page.url}, {size['width']} px, {scheme}")

    def _fits(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))

    def _check(self, axe_options: dict[str, object], *, where: str) -> None:
        results = Axe().run(self.page, options={"resultTypes": ["violations"], **axe_options})
        assert results.violations_count == 0, f"{where}\n{results.generate_report()}"

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(GIVEN_UP):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _fail(self, error: Error) -> None:
        self.complaints.append(f"{self.page.url}: {error}")

    def _ask(self, request: Request) -> None:
        if not request.url.startswith((self.site, "data:", "about:")):
            self.complaints.append(f"{self.page.url} asks for {request.url}")
