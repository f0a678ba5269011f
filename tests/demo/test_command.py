"""The demo as a newcomer meets it: in a checkout of its own, with nothing in the environment."""

import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from urllib.parse import urlencode

import pytest

from config import embedded_postgres
from tests.config.checkout import copy_to, manage
from tests.config.test_embedded_postgres import process, remove

PATIENCE = 90


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    folder = copy_to(tmp_path_factory.mktemp("a path") / "with spaces")
    (folder / ".env").write_text("DEBUG=true\n")
    yield folder
    remove(folder)


@pytest.fixture
def start(checkout):
    """None survives a test that fails in the middle."""
    started = []

    def demo(*arguments):
        started.append(Demo(checkout, *arguments))
        return started[-1]

    yield demo
    for demo in started:
        if demo.process.poll() is None:
            demo.interrupt()


class Demo:
    """A running demo. Its output goes to a file that grows."""

    def __init__(self, folder, *arguments):
        self.output = folder / "output"
        with self.output.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "demo", "--port", "0", "--couples", "6", *arguments],
                cwd=folder,
                env={"PATH": os.environ["PATH"]},
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        until(lambda: "Ctrl-C stops everything" in self.said or self.process.poll() is not None)
        self.site = re.search(r"http://localhost:(\d+)/", self.said).group().rstrip("/")
        jar = http.cookiejar.CookieJar()
        self.browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    @property
    def said(self):
        return self.output.read_text()

    def get(self, path):
        address = self.site.replace("localhost", "127.0.0.1") + path
        with self.browser.open(address, timeout=10) as answer:
            return answer.read().decode()

    def sign_up(self, email):
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', self.get("/signup/")))
        fields |= {"email": email, "password1": "a long pass phrase"}
        address = self.site.replace("localhost", "127.0.0.1") + "/signup/"
        self.browser.open(address, urlencode(fields).encode(), timeout=10).close()

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=PATIENCE)


def is_free(port):
    with socket.socket() as visitor:
        return visitor.connect_ex(("127.0.0.1", port)) != 0


def until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "It has not come true in time."
        time.sleep(0.1)


def test_it_serves_and_mails_survives_a_killed_database_stops_and_goes_on_from_there(
    checkout, start
):
    demo = start()
    assert "password" in demo.said
    assert f"Start here        {demo.site}/demo/" in demo.said
    assert demo.get("/demo/").count("found.") == 4
    asks = "from django.conf import settings as s; print(s.SITE_URL, s.SUPABASE_URL)"
    beside = manage(checkout, "shell", "-v0", "-c", asks).stdout.split()
    assert (beside[0], beside[1].endswith("/supabase")) == (demo.site, True)
    demo.sign_up("ada@example.com")
    until(lambda: "ada@example.com" in demo.get("/demo/mail/"))
    os.kill(process(checkout), signal.SIGKILL)
    demo.sign_up("eve@example.com")
    until(lambda: "eve@example.com" in demo.get("/demo/mail/"))
    assert demo.interrupt() == 0
    assert manage(checkout, "shell", "-v0", "-c", asks).stdout.split() == ["http://localhost:8000"]
    assert not embedded_postgres.answers(embedded_postgres.locate(checkout))

    again = start()
    assert "Log in to the admin" not in again.said
    assert "ada@example.com" in again.get("/demo/mail/")
    assert again.interrupt() == 0
    assert "Traceback" not in again.said

    fresh = start("--fresh")
    assert "Log in to the admin" in fresh.said
    # The alerts of what is broken come within seconds, so the list may be empty or not.
    assert "ada@example.com" not in fresh.get("/demo/mail/")
    until(lambda: "operator@everafter.example" in fresh.get("/demo/mail/"))
    assert fresh.interrupt() == 0


def test_a_killed_demo_leaves_its_port_to_the_next(start):
    killed = start()
    port = killed.site.rpartition(":")[2]
    killed.process.kill()
    killed.process.wait()
    until(lambda: is_free(int(port)))

    assert start("--port", port).interrupt() == 0


def test_a_port_in_use_is_said_in_one_line_with_the_way_out(checkout):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        refused = manage(checkout, "demo", "--port", str(port))
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert f"Port {port} is in use" in refused.stderr
    assert "make demo PORT=" in refused.stderr


def test_a_port_that_does_not_exist_is_refused_likewise(checkout):
    refused = manage(checkout, "demo", "--port", "99999")
    assert refused.stderr.count("\n") == 1
    assert "make demo PORT=8001" in refused.stderr


def test_starting_over_empties_the_embedded_database_and_no_other(checkout):
    database = "postgres://postgres@127.0.0.1:1/precious"
    refused = manage(checkout, "demo", "--fresh", "--port", "0", DATABASE_URL=database)
    assert refused.returncode == 1
    assert "DATABASE_URL is set" in refused.stderr


def test_a_database_that_does_not_answer_is_said_in_plain_words(checkout):
    database = "postgres://postgres:do-not-tell@127.0.0.1:1/nowhere"
    refused = manage(checkout, "demo", "--port", "0", DATABASE_URL=database)
    assert refused.returncode == 1
    assert "The database can't be used" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "do-not-tell" not in refused.stderr
