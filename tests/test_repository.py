"""Rules about the repository itself: sizes, names, and what must never be in it."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import LONGEST_FIRST

BASE = Path(__file__).resolve().parents[1]
LONGEST_FILE = 300
NAMES_WITHOUT_MEANING = {"services", "utils", "helpers", "managers", "common", "misc"}
# A home of one person or machine, wherever it is written.
MACHINE_PATHS = re.compile(r"/(?:home|Users|root|work|workspace)/[\w.-]+/")
ADDRESS = re.compile(r"https?://|--(?:extra-)?index-url|--find-links|\bfile:")


def tracked(*patterns):
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=BASE,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = (BASE / name for name in listing.stdout.split("\0") if name)
    return sorted({path for path in paths if path.is_file()})


def name_of(path):
    return str(path.relative_to(BASE))


def lines(path):
    return path.read_text().splitlines()


def rooms(*apps):
    """Packages right below them, but for those that are Django's to name."""
    below = (path.parent for app in apps for path in (BASE / app).glob("*/__init__.py"))
    return {name_of(path) for path in below} - {
        f"{app}/{name}" for app in apps for name in ("migrations", "templatetags")
    }


CODE = [path for path in tracked("*.py") if "migrations" not in path.parts]
LOCKS = tracked("requirements*.txt")
ARCHITECTURE = BASE / "docs" / "architecture.md"


def test_the_walk_sees_the_repository():
    assert Path(__file__) in CODE
    assert len(LOCKS) >= 4


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_a_file_fits_on_a_few_screens(path):
    assert len(lines(path)) <= LONGEST_FILE


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_a_module_is_named_after_what_it_does(path):
    assert path.stem not in NAMES_WITHOUT_MEANING


@pytest.mark.parametrize("path", tracked("*.sql", "*.html", "*.css", "*.js"), ids=name_of)
def test_hand_written_pages_styles_and_queries_stay_short(path):
    if ".min." not in path.name:
        assert len(lines(path)) <= 2 * LONGEST_FILE


@pytest.mark.parametrize("path", LOCKS, ids=name_of)
def test_a_lock_names_hashes_and_no_address(path):
    assert not [line for line in lines(path) if ADDRESS.search(line)]
    assert "--hash=sha256:" in path.read_text()


def test_nothing_names_a_folder_of_one_machine():
    found = []
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found += [f"{name_of(path)}: {match}" for match in MACHINE_PATHS.findall(text)]
    assert not found


def test_a_test_file_belongs_to_a_package_so_that_two_may_share_a_name():
    folders = {path.parent for path in CODE if path.is_relative_to(BASE / "tests")}
    assert not [name_of(folder) for folder in folders if not (folder / "__init__.py").exists()]


def test_the_architecture_page_names_every_room_and_no_other():
    first_cells = "".join(re.findall(r"^\| (.*?) \|", ARCHITECTURE.read_text(), re.MULTILINE))
    named = {
        name.rstrip("/") for name in re.findall(r"`((?:accounts|integrity)/\w+/)`", first_cells)
    }

    assert named == rooms("accounts", "integrity")


def test_what_the_architecture_page_names_is_there():
    named = re.findall(r"`([\w-]+/[\w/.*-]*)`", ARCHITECTURE.read_text())

    assert len(named) > 50
    assert not [name for name in named if not any(BASE.glob(name.rstrip("/")))]


def test_product_code_knows_nothing_of_tests():
    product = [path for path in CODE if path.relative_to(BASE).parts[0] not in ("tests",)]
    assert not [name_of(path) for path in product if _imported(path) & {"pytest", "tests"}]


def _imported(path):
    modules = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules.add(node.module.partition(".")[0])
    return modules


def test_no_test_goes_round_for_ever():
    """A `while` looks at a deadline or uses up what it asks for; any other is `rounds_until`."""
    bounded = ("monotonic()", ".pop(")
    endless = [
        f"{name_of(path)}:{loop.lineno}"
        for path in CODE
        if path.is_relative_to(BASE / "tests")
        for loop in ast.walk(ast.parse(path.read_text()))
        if isinstance(loop, ast.While)
        if not any(sign in ast.unparse(loop) for sign in bounded)
    ]
    assert not endless


def test_what_begins_first_is_there():
    assert not [name for name in LONGEST_FIRST if not (BASE / "tests" / name).exists()]
