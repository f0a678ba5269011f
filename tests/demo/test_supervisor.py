"""The supervisor with real processes; a signal from the test ends each run."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from demo.supervisor import GaveUp, Program, Supervisor
from tests.demo.test_command import until

SLEEP = "import time; time.sleep(600)"
BASE = Path(__file__).resolve().parents[2]
FAMILY = f"""
import os, signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN if "deaf" in sys.argv else signal.SIG_DFL)
print(os.getpid(), flush=True)
subprocess.run([sys.executable, "-c", "{SLEEP}"])
"""
SUPERVISE = """
import sys
from pathlib import Path
from demo import supervisor
family = supervisor.Program("family", [sys.executable, "-c", *sys.argv[1:]])
supervisor.STOP_SECONDS = 0.2
supervisor.Supervisor([family], cwd=Path(), env={}, say=print).run(is_up=bool, greet=print)
"""


def python(name, code):
    return Program(name, [sys.executable, "-c", code])


@pytest.fixture
def said():
    return []


@pytest.fixture
def supervise(said, tmp_path):
    def make(*programs):
        return Supervisor(programs, cwd=tmp_path, env={"SITE_URL": "there"}, say=said.append)

    return make


def is_gone(group):
    """Orphans are buried by the system's first process, in its own time."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def stop():
    os.kill(os.getpid(), signal.SIGTERM)


def test_all_are_started_greeted_once_and_ended_by_a_signal(supervise, said):
    programs = [python("one", SLEEP), python("two", SLEEP)]
    supervisor = supervise(*programs)

    def greet():
        said.append("hello")
        assert all(program.process.poll() is None for program in programs)
        stop()

    supervisor.run(is_up=lambda: True, greet=greet)
    assert said == ["hello", "\nStopping ..."]
    assert [program.process.returncode for program in programs] == [-signal.SIGTERM] * 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_way_to_say_stop_is_heard_and_the_handlers_are_put_back(supervise, number):
    before = signal.getsignal(number)
    supervisor = supervise(python("one", SLEEP))
    supervisor.run(is_up=lambda: True, greet=lambda: os.kill(os.getpid(), number))
    assert signal.getsignal(number) == before


def test_a_program_that_dies_is_started_again_and_that_is_said(supervise, said, tmp_path):
    code = (
        "import os, pathlib, time; mark = pathlib.Path('mark')\n"
        "if not mark.exists(): mark.touch(); os.kill(os.getpid(), 9)\n"
        "pathlib.Path('second').touch(); time.sleep(600)"
    )
    supervisor = supervise(python("web server", code))
    supervisor.run(is_up=(tmp_path / "second").exists, greet=stop)
    assert said[0] == "The web server died (signal 9); starting it again."


def test_a_program_that_keeps_dying_ends_the_run_with_its_name(supervise, said):
    steady, broken = python("web server", SLEEP), python("worker", "raise SystemExit(7)")
    with pytest.raises(GaveUp, match=r"The worker died 4 times \(last: exit code 7\)"):
        supervise(steady, broken).run(is_up=lambda: False, greet=stop)
    assert steady.process.returncode == -signal.SIGTERM


def test_grandchildren_and_the_deaf_are_gone_too(supervise, monkeypatch, tmp_path):
    monkeypatch.setattr("demo.supervisor.STOP_SECONDS", 0.2)
    code = (
        "import pathlib, signal, subprocess, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"child = subprocess.Popen([sys.executable, '-c', '{SLEEP}'])\n"
        "pathlib.Path('child').write_text(str(child.pid)); child.wait()"
    )
    deaf = python("worker", code)
    supervise(deaf).run(is_up=(tmp_path / "child").exists, greet=stop)
    assert deaf.process.returncode == -signal.SIGKILL
    until(lambda: is_gone(deaf.process.pid))


def test_programs_get_the_environment_they_were_promised(supervise, tmp_path):
    code = "import os, pathlib, time; pathlib.Path('site').write_text(os.environ['SITE_URL'])\n"
    supervisor = supervise(python("one", code + SLEEP))
    supervisor.run(is_up=(tmp_path / "site").exists, greet=stop)
    assert (tmp_path / "site").read_text() == "there"


@pytest.mark.parametrize("hearing", ["hears", "deaf"])
def test_all_of_them_end_with_a_supervisor_that_is_killed(hearing):
    """All write where it does, so that the end of its output is the end of the last of them."""
    command = [sys.executable, "-c", SUPERVISE, FAMILY, hearing]
    supervisor = subprocess.Popen(command, cwd=BASE, stdout=subprocess.PIPE, text=True)
    family = int(supervisor.stdout.readline())
    supervisor.kill()
    try:
        assert supervisor.communicate(timeout=20) == ("", None)
    except subprocess.TimeoutExpired:
        os.killpg(family, signal.SIGKILL)
        raise
