"""`make setup` before anything is installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config import install

BASE = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "requirements-dev.txt").write_text("one==1\n")
    return tmp_path


@pytest.fixture
def calls(monkeypatch):
    """The commands that would run; creating makes the folder as venv does."""
    made = []

    def call(command, **options):
        made.append(command[1:])
        if command[1:3] == ("-m", "venv"):
            Path(install.VENV).mkdir()
        return 0

    monkeypatch.setattr(subprocess, "call", call)
    monkeypatch.setattr(install, "say", lambda text: None)
    return made


def test_a_python_that_is_too_old_is_told_so_in_one_line(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(SystemExit) as refusal:
        install.refuse_unfit_python()
    assert "3.9.2" in refusal.value.code
    assert "make setup PYTHON=" in refusal.value.code
    assert "\n" not in refusal.value.code


def test_a_python_without_venv_is_told_what_to_install_in_one_line(monkeypatch):
    monkeypatch.setattr(install.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit) as refusal:
        install.refuse_unfit_python()
    assert "apt-get install python3-venv" in refusal.value.code
    assert "\n" not in refusal.value.code


def test_the_first_run_creates_and_installs_and_the_second_does_nothing(folder, calls):
    install.main("dev")
    assert ("-m", "venv", ".venv") in calls
    calls.clear()
    install.main("dev")
    assert calls == []


def test_a_changed_lock_is_installed_into_the_environment_that_is_there(folder, calls):
    install.main("dev")
    calls.clear()
    (folder / "requirements-dev.txt").write_text("one==2\n")
    install.main("dev")
    assert ("-m", "venv", ".venv") not in calls
    assert any("requirements-dev.txt" in command for command in calls)


def test_a_checkout_that_was_moved_gets_a_new_environment(folder, calls, monkeypatch):
    install.main("dev")
    calls.clear()
    moved = folder.with_name("moved")
    os.rename(folder, moved)  # noqa: PTH104
    monkeypatch.chdir(moved)
    install.main("dev")
    assert ("-m", "venv", ".venv") in calls


def test_a_debug_profile_is_written_and_somebody_elses_choice_is_kept(folder, calls):
    install.main("dev")
    assert (folder / ".env").read_text() == "DEBUG=true\n"
    (folder / ".env").write_text("DEBUG=false\n")
    install.main("dev")
    assert (folder / ".env").read_text() == "DEBUG=false\n"


def test_without_uv_pip_installs_the_same_hashed_lock(folder, calls, monkeypatch):
    monkeypatch.setattr(install, "install_with_uv", lambda lock: False)
    install.main("dev")
    assert "--require-hashes" in calls[-1]
    assert calls[-1][-1] == "requirements-dev.txt"


def test_a_failed_installation_is_not_taken_for_done(folder, calls, monkeypatch):
    monkeypatch.setattr(install, "install_with_uv", lambda lock: False)
    monkeypatch.setattr(install, "run", lambda *command: sys.exit("failed"))
    (folder / ".venv").mkdir()
    with pytest.raises(SystemExit):
        install.main("dev")
    assert not (folder / ".venv" / "installed-dev").exists()
