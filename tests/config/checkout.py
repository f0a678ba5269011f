"""A checkout of its own in a scratch folder, to run the project's commands in."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

BASE = Path(__file__).resolve().parents[2]
PARTS = ("config", "demo", "onboarding", "accounts", "integrity", "manage.py")


def copy_to(folder):
    shutil.copytree(BASE, folder, ignore=_only_the_product)
    return folder


def _only_the_product(folder, names):
    """With what has been compiled of it: it need not be again."""
    return set(names) - set(PARTS) if Path(folder) == BASE else set()


def manage(folder, *arguments, **variables):
    """With nothing in the environment but what is named here."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
