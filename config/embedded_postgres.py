"""The PostgreSQL that comes with the checkout: one server each, started by the first connection.

Development only: whoever can open the socket (its owner, and root) is superuser.
"""

import fcntl
import hashlib
import os
import pwd
import shlex
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from config.embedded_binaries import EmbeddedServerError, find_bin, runnable_bin, server_user
from config.embedded_process import (
    Server,
    disown,
    end,
    failure,
    lives,
    pause,
    pid_file,
    run,
)

DATABASE = "everafter"
# Fixed, not tempfile.gettempdir(): every shell of a machine has to find the same server.
PERSISTENT, TEMPORARY = Path("/var/tmp"), Path("/tmp")
# The kernel's limit is 103 bytes on macOS, with the socket's own name in it.
LONGEST_FOLDER = 80
START_SECONDS = 60.0
WAY_OUT = "Remove it, or set DATABASE_URL to a PostgreSQL of your own."


def locate(root: Path) -> Server:
    """Root's server runs under another account, which may not get through root's folders."""
    root = root.resolve()
    name = "everafter-" + hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    user = server_user()
    home = PERSISTENT / name if user else root / ".data"
    socket = home / "postgres" / "socket"
    if len(os.fsencode(socket)) > LONGEST_FOLDER:
        socket = TEMPORARY / f"{name}-{os.geteuid()}"
    return Server(home=home, socket=socket, user=user)


def database_settings(root: Path) -> dict[str, object]:
    """For DATABASES: a function of the path alone, so that reading the settings starts nothing."""
    return {
        "ENGINE": "config.pgbackend",
        "NAME": DATABASE,
        "USER": "postgres",
        "HOST": str(locate(root).socket),
        "PORT": "5432",
        "EMBEDDED_ROOT": str(root),
    }


def ensure(root: Path) -> None:
    """Come back when a connection will succeed: called by whoever's connection has just failed."""
    server = locate(root)
    _take(server.home, mode=0o711 if server.user else 0o700, user=None)
    with _locked(server):
        if not answers(server):
            _start(server)
        # Also where it answers: whoever started it may have been killed before this, and whoever
        # starts it now lets go of the lock after this only.
        _create_database(server)


def stop(root: Path) -> bool:
    """True if there was a server to stop. Sessions are ended, nothing committed is lost."""
    server = locate(root)
    if not server.home.exists():
        return False
    with _locked(server):
        return end(server)


def start_over(root: Path) -> None:
    """An empty database; whoever is connected is cut off."""
    ensure(root)
    server = locate(root)
    with connect(server) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    _create_database(server)


def is_idle(root: Path) -> bool:
    """Nobody else is connected, to whatever database."""
    query = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    with connect(locate(root)) as connection:
        return connection.execute(query).fetchone() == (0,)


def answers(server: Server) -> bool:
    try:
        connect(server).close()
    except psycopg.OperationalError:
        return False
    return True


def connect(server: Server) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(
        host=str(server.socket),
        port=5432,
        user="postgres",
        dbname="postgres",
        connect_timeout=5,
        autocommit=True,
    )


def _take(path: Path, *, mode: int, user: pwd.struct_passwd | None) -> None:
    """Make a folder ours. Where everybody may write, somebody else may have been first."""
    uid, gid = (user.pw_uid, user.pw_gid) if user else (os.geteuid(), os.getegid())
    try:
        path.mkdir(mode=mode, parents=True, exist_ok=True)
        if path.is_symlink() or path.lstat().st_uid not in (uid, os.geteuid()):
            raise EmbeddedServerError(f"{path} belongs to somebody else. {WAY_OUT}")
        path.chmod(mode)
        os.chown(path, uid, gid, follow_symlinks=False)
    except OSError as error:
        raise EmbeddedServerError(f"{path} can't be used: {error.strerror}. {WAY_OUT}") from error


@contextmanager
def _locked(server: Server) -> Iterator[None]:
    with (server.home / "embedded.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _start(server: Server) -> None:
    for folder in (server.own, server.socket):
        _take(folder, mode=0o700, user=server.user)
    programs = runnable_bin(find_bin(), user=server.user, cache=server.home / "binaries")
    if not server.data.exists():
        _create_cluster(server, programs)
    end(server)  # it lives, and yet can't be reached: somebody cleaned its socket away
    deadline = time.monotonic() + START_SECONDS
    while not _launch(server, programs, deadline=deadline):
        # After kill -9 the orphans of the old server hold its memory for a moment.
        if time.monotonic() > deadline:
            raise failure("The embedded PostgreSQL does not start", server)
        pause()


def _create_cluster(server: Server, programs: Path) -> None:
    """By way of a scratch folder: a crash in between leaves nothing that looks like a cluster."""
    scratch = server.own / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    command = [
        *(str(programs / "initdb"), "--pgdata", str(scratch), "--auth=trust"),
        *("--username=postgres", "--encoding=UTF8", "--locale=C", "--no-instructions"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    ]
    if run(f"{shlex.join(command)} 3>&-", server=server).returncode:
        raise failure("initdb failed", server)
    scratch.rename(server.data)


def _launch(server: Server, programs: Path, *, deadline: float) -> bool:
    """True when it answers, False when it gave up.

    In the background of a shell that ends: the server is nobody's child and survives us.
    """
    disown(pid_file(server))
    (server.socket / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
    options = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{server.socket}"',
        "unix_socket_permissions": "0700",
        "port": "5432",
    }
    command = [str(programs / "postgres"), "-D", str(server.data)]
    command += [f"--{name}={value}" for name, value in options.items()]
    pid = int(run(f"{shlex.join(command)} 3>&- & echo $! >&3", server=server).stdout)
    while not answers(server):
        if not lives(pid) or time.monotonic() > deadline:
            return False
        pause()
    return True


def _create_database(server: Server) -> None:
    with connect(server) as connection:
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        if connection.execute(query, [DATABASE]).fetchone() is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")
