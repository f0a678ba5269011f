"""Pages of the project, or ones that come with us: what to do when an invariant is broken, and how a
step of a saga is taken back."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from integrity.conf import config

OURS = Path(__file__).parent / "runbook"
FOLDER = "docs/runbook/"
ROLLBACK = "docs/rollback/"


@dataclass(frozen=True)
class Page:
    """`text` is Markdown; where there is none, `address` leads to the page. Both may be blank."""

    name: str
    text: str = ""
    address: str = ""


def rollback_of(kind: str, step: str) -> str:
    """The name of the page that says what a step of this kind of saga did, and how it is undone."""
    return f"{ROLLBACK}{kind}.{step}.md"


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
