"""Others' engines, in an environment of their own: they come from the package index, and nothing of
Everafter needs them. `make bench` installs them; where that fails they are left out."""

from pathlib import Path

BASE = Path(__file__).resolve().parents[2]
VENV = BASE / ".venv-bench"
PYTHON = VENV / "bin" / "python"
LOCK = BASE / "requirements-bench.txt"
STAMP = VENV / "installed"
ABSENT = (
    "procrastinate and DBOS are left out: they aren't installed in .venv-bench. `make bench` does"
    " that, where the package index can be reached."
)


def are_there() -> bool:
    return STAMP.exists() and STAMP.read_text() == LOCK.read_text()
