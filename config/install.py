"""`make setup`: this checkout's environment, from the hashed lock. Standard library only.

Runs before anything is installed, so it has to be readable by a Python that is too old.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
VENV = ".venv"
PYTHON = os.path.join(VENV, "bin", "python")
# Twice quiet: errors, but not what pip thinks of its own configuration.
PIP_INSTALL = (PYTHON, "-m", "pip", "install", "-qq", "--require-hashes", "--requirement")


def main(profile: str) -> None:
    refuse_unfit_python()
    write_env_file()
    lock = "requirements-%s.txt" % profile
    stamp = os.path.join(VENV, "installed-" + profile)
    wanted = fingerprint(lock)
    if read(stamp) == wanted:
        return
    if not usable():
        create()
    install(lock)
    with open(stamp, "w") as file:
        file.write(wanted)


def refuse_unfit_python() -> None:
    if sys.version_info < OLDEST:
        found = ".".join(str(part) for part in sys.version_info[:3])
        sys.exit(
            "Python 3.11 or newer is needed, and %s is %s. Install one and name it: "
            "make setup PYTHON=python3.12" % (sys.executable, found)
        )
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        sys.exit(
            "This Python has no venv module. On Debian and Ubuntu: apt-get install python3-venv"
        )


def write_env_file() -> None:
    """A development profile, unless somebody has chosen one."""
    if not os.path.exists(".env"):
        with open(".env", "w") as file:
            file.write("DEBUG=true\n")


def fingerprint(lock: str) -> str:
    """Where the environment lies is part of it: moved, its programs would not start."""
    content = (read(lock) or "") + (read("requirements-uv.txt") or "") + os.path.abspath(VENV)
    return hashlib.sha256(content.encode()).hexdigest()


def read(path: str) -> str | None:
    try:
        with open(path) as file:
            return file.read()
    except FileNotFoundError:
        return None


def usable() -> bool:
    """Of another place, or of a Python that is gone, it is not; half-made by a Ctrl-C neither."""
    if read(os.path.join(VENV, "place")) != os.path.abspath(VENV):
        return False
    return run_quietly(PYTHON, "-m", "pip", "--version") == 0


def create() -> None:
    say("Creating the environment in %s" % VENV)
    shutil.rmtree(VENV, ignore_errors=True)
    run(sys.executable, "-m", "venv", VENV)
    with open(os.path.join(VENV, "place"), "w") as file:
        file.write(os.path.abspath(VENV))


def install(lock: str) -> None:
    say("Installing %s" % lock)
    if install_with_uv(lock):
        return
    say("uv can't be had or failed here: the same by pip, which takes a minute longer")
    run(*PIP_INSTALL, lock)


def install_with_uv(lock: str) -> bool:
    if run_quietly(*PIP_INSTALL, "requirements-uv.txt"):
        return False
    # By the certificates of the system, as pip does: a network may have a proxy of its own.
    uv = (PYTHON, "-m", "uv", "pip", "install", "--quiet", "--system-certs", "--python", PYTHON)
    return run_quietly(*uv, "--require-hashes", "--requirement", lock) == 0


def run_quietly(*command: str) -> int:
    try:
        return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError:
        return 1


def run(*command: str) -> None:
    code = subprocess.call(command)
    if code:
        sys.exit("`%s` failed; its own words are above." % " ".join(command))


def say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
