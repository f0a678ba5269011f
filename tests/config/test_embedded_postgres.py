"""The embedded server, each time a real one in a scratch folder."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from config import embedded_binaries, embedded_postgres, embedded_process
from config.embedded_binaries import EmbeddedServerError

BASE = Path(__file__).resolve().parents[2]
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="about what is done for root")


@pytest.fixture
def root(tmp_path):
    """A project path with everything in it that a shell or a connection string could trip over."""
    path = tmp_path / 'it\'s a $HOME, "quoted" & long'
    path.mkdir()
    yield path
    remove(path)


def remove(root):
    embedded_postgres.stop(root)
    server = embedded_postgres.locate(root)
    shutil.rmtree(server.home, ignore_errors=True)
    shutil.rmtree(server.socket, ignore_errors=True)


def process(root):
    return embedded_process.postmaster(embedded_postgres.locate(root))


def query(root, sql):
    with embedded_postgres.connect(embedded_postgres.locate(root)) as connection:
        return connection.execute(sql).fetchone()[0]


def keep_something(root):
    with embedded_postgres.connect(embedded_postgres.locate(root)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")


def test_reading_the_settings_starts_and_creates_nothing(root):
    settings = embedded_postgres.database_settings(root)
    server = embedded_postgres.locate(root)
    assert settings["HOST"] == str(server.socket)
    assert not server.home.exists()


def test_the_first_start_leaves_a_server_with_our_database_and_the_next_finds_it(root):
    embedded_postgres.ensure(root)
    first = process(root)
    embedded_postgres.ensure(root)
    assert process(root) == first
    assert query(root, "SELECT count(*) FROM pg_database WHERE datname = 'everafter'") == 1
    assert query(root, "SHOW listen_addresses") == ""
    assert query(root, "SHOW fsync") == "on"


def test_eight_simultaneous_starters_get_one_server(root):
    code = (
        "import sys; from pathlib import Path; from config import embedded_postgres as e; from config.embedded_process import postmaster;"
        "root = Path(sys.argv[1]); e.ensure(root); print(postmaster(e.locate(root)))"
    )
    command = [sys.executable, "-c", code, str(root)]
    starters = [subprocess.Popen(command, cwd=BASE, stdout=subprocess.PIPE) for _ in range(8)]
    found = {int(starter.communicate(timeout=60)[0]) for starter in starters}
    assert found == {process(root)}


def test_the_server_outlives_the_process_that_started_it_and_keeps_its_data_when_stopped(root):
    embedded_postgres.ensure(root)
    assert os.getsid(process(root)) != os.getsid(0)
    keep_something(root)
    assert embedded_postgres.stop(root)
    assert process(root) is None
    assert not embedded_postgres.stop(root)
    embedded_postgres.ensure(root)
    assert query(root, "SELECT answer FROM kept") == 42


def test_a_killed_server_is_back_at_the_next_call(root):
    embedded_postgres.ensure(root)
    keep_something(root)
    killed = process(root)
    os.kill(killed, signal.SIGKILL)
    embedded_postgres.ensure(root)
    assert process(root) not in (None, killed)
    assert query(root, "SELECT answer FROM kept") == 42


def test_a_stranger_with_the_recorded_number_does_not_keep_the_server_down(root):
    embedded_postgres.ensure(root)
    embedded_postgres.stop(root)
    with somebody("sleep", "600", root=root) as stranger:
        record_process(root, stranger.pid)
        assert process(root) is None
        embedded_postgres.ensure(root)
        assert process(root) not in (None, stranger.pid)
        stranger.kill()


def test_a_zombie_does_not_keep_the_server_down(root):
    embedded_postgres.ensure(root)
    embedded_postgres.stop(root)
    with somebody("true", root=root) as zombie:
        os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
        record_process(root, zombie.pid)
        embedded_postgres.ensure(root)
        assert process(root) not in (None, zombie.pid)


def somebody(*command, root):
    """Of the server's own account: PostgreSQL takes what others own for dead."""
    user = embedded_postgres.locate(root).user
    return subprocess.Popen(command, user=user.pw_uid if user else None, cwd="/")


def record_process(root, pid):
    server = embedded_postgres.locate(root)
    path = server.data / "postmaster.pid"
    path.write_text(f"{pid}\n{server.data}\n1\n5432\n{server.socket}\n\n\n")
    lock = server.socket / ".s.PGSQL.5432.lock"
    lock.write_text(path.read_text())
    if server.user:
        for file in (path, lock):
            shutil.chown(file, server.user.pw_uid, server.user.pw_gid)


def test_a_copied_checkout_gets_a_server_of_its_own_and_leaves_the_other_alone(root, tmp_path):
    embedded_postgres.ensure(root)
    other = process(root)
    copy = tmp_path / "copy"
    copy.mkdir()
    theirs, ours = (embedded_postgres.locate(path) for path in (root, copy))
    subprocess.run(["cp", "-a", theirs.home, ours.home], check=True)
    try:
        assert process(copy) is None
        embedded_postgres.ensure(copy)
        assert process(copy) not in (None, other)
        assert process(root) == other
    finally:
        remove(copy)


def test_what_a_crash_in_initdb_left_behind_is_no_cluster(root):
    server = embedded_postgres.locate(root)
    embedded_postgres.ensure(root)
    embedded_postgres.stop(root)
    server.data.rename(server.own / "scratch")
    embedded_postgres.ensure(root)
    assert embedded_postgres.answers(server)
    assert not (server.own / "scratch").exists()


def test_a_server_whose_socket_was_cleaned_away_is_restarted(root):
    embedded_postgres.ensure(root)
    lost = process(root)
    shutil.rmtree(embedded_postgres.locate(root).socket)
    embedded_postgres.ensure(root)
    assert process(root) not in (None, lost)


def test_starting_over_leaves_an_empty_database_and_cuts_off_who_is_connected(root):
    embedded_postgres.ensure(root)
    server = embedded_postgres.locate(root)
    with psycopg.connect(host=str(server.socket), user="postgres", dbname="everafter") as visitor:
        visitor.execute("CREATE TABLE old ()")
        visitor.commit()
        assert not embedded_postgres.is_idle(root)
        embedded_postgres.start_over(root)
        with pytest.raises(psycopg.OperationalError):
            visitor.execute("SELECT 1")
    with psycopg.connect(host=str(server.socket), user="postgres", dbname="everafter") as visitor:
        assert visitor.execute("SELECT to_regclass('old')").fetchone() == (None,)
    assert embedded_postgres.is_idle(root)


def test_a_long_path_moves_the_socket_to_where_its_name_fits(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded_postgres, "server_user", lambda: None)
    deep = tmp_path / ("x" * 80)
    assert len(str(embedded_postgres.locate(deep).socket)) <= embedded_postgres.LONGEST_FOLDER
    near = Path("/srv/wedding")
    assert embedded_postgres.locate(near).socket == near / ".data" / "postgres" / "socket"


def test_a_link_in_place_of_the_folder_is_refused_with_the_way_out(root, tmp_path):
    server = embedded_postgres.locate(root)
    server.home.parent.mkdir(exist_ok=True)
    server.home.symlink_to(tmp_path)
    try:
        with pytest.raises(EmbeddedServerError, match=r"belongs to somebody else.*DATABASE_URL"):
            embedded_postgres.ensure(root)
    finally:
        server.home.unlink()


def test_a_server_that_cannot_start_is_reported_with_the_end_of_its_log(root, monkeypatch):
    embedded_postgres.ensure(root)
    embedded_postgres.stop(root)
    server = embedded_postgres.locate(root)
    with (server.data / "postgresql.conf").open("a") as file:
        file.write("no_such_parameter = 1\n")
    monkeypatch.setattr(embedded_postgres, "START_SECONDS", 0.5)
    with pytest.raises(EmbeddedServerError, match="no_such_parameter"):
        embedded_postgres.ensure(root)


def test_without_any_binaries_the_message_names_both_ways_out(monkeypatch):
    monkeypatch.setattr(embedded_binaries, "PACKAGES", ())
    monkeypatch.delenv(embedded_binaries.BIN_VARIABLE, raising=False)
    with pytest.raises(EmbeddedServerError, match=r"make setup.*DATABASE_URL"):
        embedded_binaries.find_bin()


def test_binaries_can_be_named_in_the_environment(monkeypatch):
    monkeypatch.setenv(embedded_binaries.BIN_VARIABLE, "/opt/postgres/bin")
    assert embedded_binaries.find_bin() == Path("/opt/postgres/bin")


@AS_ROOT
def test_binaries_in_a_closed_folder_are_copied_and_the_folder_stays_closed(root, tmp_path):
    package = embedded_binaries.find_bin().parents[1]
    closed = tmp_path / "closed"
    shutil.copytree(package, closed / package.name)
    shutil.copytree(package.with_name(package.name + ".libs"), closed / (package.name + ".libs"))
    closed.chmod(0o700)
    there = closed / embedded_binaries.find_bin().relative_to(package.parent)
    cache = embedded_postgres.locate(root).home / "binaries"
    cache.parent.mkdir(mode=0o711)
    user = embedded_binaries.server_user()
    copied = embedded_binaries.runnable_bin(there, user=user, cache=cache)
    assert copied != there
    assert embedded_binaries.runnable_bin(copied, user=user, cache=cache) == copied
    assert embedded_binaries.runnable_bin(there, user=user, cache=cache) == copied
    assert closed.stat().st_mode & 0o777 == 0o700
