"""The site on a real port and a real database, in front of a real browser."""

import os

import pytest

from integrity.relay import deliver_due
from tests.browser.visitor import BROWSER, Visitor

# Playwright keeps an event loop running in this thread, and Django would refuse every query.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

MISSING = "There is no chromium on the PATH; Debian and Ubuntu have it as a package of that name."


def pytest_report_header() -> str:
    return f"browser: {BROWSER}" if BROWSER else f"browser tests are left out. {MISSING}"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    if BROWSER is None and os.environ.get("CI") == "true":
        pytest.fail(MISSING)
    if BROWSER is None:
        pytest.skip(MISSING)
    return {**browser_type_launch_args, "executable_path": BROWSER}


@pytest.fixture(scope="session")
def base_url(live_server):
    return live_server.url


@pytest.fixture(autouse=True)
def site(live_server, settings, tmp_path):
    """Links lead to this server, and mails end in a folder of this test."""
    settings.SITE_URL = live_server.url
    settings.EMAIL_BACKEND = "demo.mailbox.Backend"
    settings.DATA_DIR = tmp_path
    return live_server.url


@pytest.fixture
def deliver_mail():
    """What the worker does within seconds."""

    def deliver() -> None:
        assert deliver_due().count > 0

    return deliver


@pytest.fixture
def open_browser(new_context, site):
    """A device of its own with each call. At the end, none may have met an error."""
    visitors = []

    def open_browser(*, scripts: bool = True) -> Visitor:
        context = new_context(reduced_motion="reduce", java_script_enabled=scripts)
        visitors.append(Visitor(context.new_page(), site=site, scripts=scripts))
        return visitors[-1]

    yield open_browser
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []
