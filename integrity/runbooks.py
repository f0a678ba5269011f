"""What to do when an invariant is broken: a page of the project, or one that comes with us."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from integrity.conf import config

OURS = Path(__file__).parent / "runbook"
FOLDER = "docs/runbook/"


@dataclass(frozen=True)
class Page:
    """`text` is Markdown; where there is none, `address` leads to the page. Both may be blank."""

    name: str
    text: str = ""
    address: str = ""


def page_of(name: str) -> Page:
    """The page that a declaration names: by an address, or by a file of the project.

    Pages about integrity itself come along, for projects that have none of their own.
    """
    root = config().runbook
    if _is_address(name):
        return Page(name, address=name)
    folder = getattr(settings, "BASE_DIR", ".") if _is_address(root) or not root else root
    ours = name.removeprefix("docs/runbook/")
    for file in (Path(folder) / name, OURS / ours, OURS / name.removeprefix(FOLDER)):
        if file.is_file():
            return Page(name, text=file.read_text())
    return Page(name, address=f"{root.rstrip('/')}/{name}" if _is_address(root) else "")


def _is_address(text: str) -> bool:
    return text.startswith(("https://", "http://"))
