"""`make pictures`: the README's pictures, taken of a demo that is started for them.

    python -m tests.browser.pictures [FOLDER]

Each has the same size every time, and is small enough to be kept beside the code.
"""

import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser import walk
from tests.browser.visitor import BROWSER, Visitor
from tests.config.checkout import copy_to
from tests.config.test_embedded_postgres import remove
from tests.demo.test_command import Demo

BASE = Path(__file__).resolve().parents[2]
# Without the menu at its side, so that the words stay large enough to be read in the README.
SIZE = {"width": 1100, "height": 760}
LARGEST = 150_000


def main() -> None:
    if BROWSER is None:
        raise SystemExit("There is no chromium on the PATH.")
    album = Path(sys.argv[1]) if sys.argv[1:] else BASE / "docs" / "pictures"
    album.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = copy_to(Path(scratch) / "everafter")
        (folder / ".env").write_text("DEBUG=true\n")
        try:
            _take_all(Demo(folder, "--couples", "500"), album)
        finally:
            remove(folder)


def _take_all(demo: Demo, album: Path) -> None:
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=BROWSER)
            _take_the_walk(browser, demo, album)
            _take_the_couple(browser, demo, album)
    finally:
        demo.interrupt()


def _take_the_walk(browser: Browser, demo: Demo, album: Path) -> None:
    operator, password = re.search(r"as (\S+) with the password (\S+)", demo.said).groups()
    newcomer = _visitor(browser, demo)
    walk.find_repair_and_undo(
        newcomer,
        operator=operator,
        password=password,
        show=lambda name: _take(newcomer, album / f"{name}.png"),
    )


def _take_the_couple(browser: Browser, demo: Demo, album: Path) -> None:
    email, password = re.search(r"One of them is (\S+), password (\S+)", demo.said).groups()
    couple = _visitor(browser, demo)
    couple.open("/login/")
    couple.type(login=email, password=password)
    couple.press("Log in")
    couple.is_at("/home/")
    _take(couple, album / "couple.png")


def _visitor(browser: Browser, demo: Demo) -> Visitor:
    context = browser.new_context(base_url=demo.site, viewport=SIZE, reduced_motion="reduce")
    return Visitor(context.new_page(), site=demo.site)


def _take(visitor: Visitor, path: Path) -> None:
    visitor.page.wait_for_load_state("networkidle")
    visitor.page.screenshot(path=path)
    size = path.stat().st_size
    sys.stdout.write(f"{path}: {size // 1000} kB\n")
    if size > LARGEST:
        raise SystemExit(f"{path.name} is larger than {LARGEST // 1000} kB.")


if __name__ == "__main__":
    main()
