"""A real standby of a real primary: what it lacks, and what a check makes of it."""

import os
import shlex
import signal

import psycopg
import pytest
from django.db import connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper

from config import embedded_postgres
from config.embedded_binaries import find_bin, runnable_bin
from config.embedded_process import pause, run
from integrity.evaluate import evaluate
from integrity.invariants import invariant
from integrity.models import EffectCount
from tests.config.checkout import copy_to, manage
from tests.config.test_embedded_postgres import remove
from tests.database import execute
from tests.rounds import rounds_until

pytestmark = pytest.mark.django_db(transaction=True)
PORT = 5433


@pytest.fixture(scope="module")
def primary(tmp_path_factory):
    """The server of a checkout of its own, with our tables."""
    folder = copy_to(tmp_path_factory.mktemp("primary") / "checkout")
    assert manage(folder, "migrate", DEBUG="true").returncode == 0
    yield folder
    remove(folder)


@pytest.fixture(scope="module")
def standby(primary):
    """A copy of it that replays what it writes; returns its folder of sockets."""
    server = embedded_postgres.locate(primary)
    programs = runnable_bin(find_bin(), user=server.user, cache=server.own / "bin")
    data, socket = shlex.quote(str(server.own / "standby")), shlex.quote(str(server.socket))
    copy = f"{programs}/pg_basebackup -D {data} -R -X stream -c fast -h {socket} -U postgres"
    assert run(f"{copy} 3>&-", server=server).returncode == 0, server.log.read_text()
    started = run(
        f"{programs}/postgres -D {data} --port={PORT} --listen_addresses="
        f" --unix_socket_directories={socket} 3>&- & echo $! >&3",
        server=server,
    )
    pid = int(started.stdout)
    for _ in rounds_until(lambda: answers(str(server.socket)), "a standby's answer", most=1000):
        os.kill(pid, 0)
        pause()
    yield str(server.socket)
    os.kill(pid, signal.SIGQUIT)


def answers(socket):
    try:
        psycopg.connect(host=socket, port=PORT, user="postgres", dbname="everafter").close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture
def pair(primary, standby, setting, declared, monkeypatch):
    """The two in place of the test's database, and an invariant; returns the standby."""
    ours = connection.settings_dict
    there = {**ours, "NAME": "everafter", "USER": "postgres", "PASSWORD": "", "HOST": standby}
    usual = connections["default"]
    connections["default"] = DatabaseWrapper({**there, "PORT": "5432"}, "default")
    connections["replica"] = DatabaseWrapper({**there, "PORT": str(PORT)}, "default")
    setting(REPLICA="replica")
    monkeypatch.setattr("integrity.replica.PATIENCE", 10.0)
    invariant("test.nothing_is_counted")(EffectCount.objects.all)
    execute("DELETE FROM integrity_effectcount")
    yield connections["replica"]
    on(connections["replica"], "SELECT pg_is_in_recovery() AND pg_wal_replay_resume() IS NOT NULL")
    for alias in ("default", "replica"):
        connections[alias].close()
    connections["default"] = usual
    del connections["replica"]


def on(server, sql):
    with server.cursor() as cursor:
        cursor.execute(sql)


def count_something():
    execute("INSERT INTO integrity_effectcount (effect, day, delivered) VALUES ('a', 'today', 1)")


def stop_replaying(standby, monkeypatch):
    on(standby, "SELECT pg_wal_replay_pause()")
    monkeypatch.setattr("integrity.replica.PATIENCE", 0.0)


def looked():
    report = evaluate()
    return report.lag, report.results[0].result, report.results[0].reason


def test_a_standby_that_keeps_up_shows_what_was_just_written(pair):
    count_something()

    assert looked() == (0.0, "broken", None)


def test_what_it_still_shows_is_asked_of_the_primary(pair, monkeypatch):
    count_something()
    assert looked()[1] == "broken"
    stop_replaying(pair, monkeypatch)
    execute("DELETE FROM integrity_effectcount")

    lag, result, _ = looked()

    assert (lag > 0, result) == (True, "holds")


def test_one_that_is_too_far_behind_proves_nothing(pair, setting, monkeypatch):
    stop_replaying(pair, monkeypatch)
    count_something()
    setting(REPLICA_LAG=0.0)

    lag, result, reason = looked()

    assert (lag, result) == (None, "unknown")
    assert "behind; at most 0 s" in reason


def test_one_that_was_promoted_is_none_any_more(pair):
    on(pair, "SELECT pg_promote()")

    assert looked() == (
        None,
        "unknown",
        "the replica has left its primary and takes writes of its own",
    )
