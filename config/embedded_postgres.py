"""The PostgreSQL that comes with the checkout: one server each, started by the first connection.

Development only: whoever can open the socket (its owner, and root) is superuser.
"""

import fcntl
import hashlib
import os
import pwd
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from config.embedded_binaries import EmbeddedServerError, find_bin, runnable_bin, server_user

DATABASE = "everafter"
# Fixed, not tempfile.gettempdir(): every shell of a machine has to find the same server.
PERSISTENT, TEMPORARY = Path("/var/tmp"), Path("/tmp")
# The kernel's limit is 103 bytes on macOS, with the socket's own name in it.
LONGEST_FOLDER = 80
START_SECONDS = 60.0
STOP_SECONDS = 20.0
# Larger than any kernel's pid_max.
NO_PROCESS = 2**30
WAY_OUT = "Remove it, or set DATABASE_URL to a PostgreSQL of your own."


@dataclass(frozen=True)
class Server:
    """Where everything of one checkout's server lies. Asking creates nothing."""

    home: Path
    socket: Path
    user: pwd.struct_passwd | None

    @property
    def own(self) -> Path:
        """All that the server's account may write to."""
        return self.home / "postgres"

    @property
    def data(self) -> Path:
        return self.own / "pgdata"

    @property
    def log(self) -> Path:
        return self.own / "postgres.log"


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
    """Come back when a connection will succeed."""
    server = locate(root)
    if answers(server):
        return
    _take(server.home, mode=0o711 if server.user else 0o700, user=None)
    with _locked(server):
        if not answers(server):
            _start(server)


def stop(root: Path) -> bool:
    """True if there was a server to stop. Sessions are ended, nothing committed is lost."""
    server = locate(root)
    if not server.home.exists():
        return False
    with _locked(server):
        return _stop(server)


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


def postmaster(server: Server) -> int | None:
    """Process id of a living server over this very data folder."""
    try:
        pid = int(_pid_file(server).read_text().partition("\n")[0])
    except (FileNotFoundError, ValueError):
        return None
    return pid if _serves(pid, server) else None


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
    _stop(server)  # it lives, and yet can't be reached: somebody cleaned its socket away
    deadline = time.monotonic() + START_SECONDS
    while not _launch(server, programs, deadline=deadline):
        # After kill -9 the orphans of the old server hold its memory for a moment.
        if time.monotonic() > deadline:
            raise _failure("The embedded PostgreSQL does not start", server)
        _pause()
    _create_database(server)


def _create_cluster(server: Server, programs: Path) -> None:
    """By way of a scratch folder: a crash in between leaves nothing that looks like a cluster."""
    scratch = server.own / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    command = [
        *(str(programs / "initdb"), "--pgdata", str(scratch), "--auth=trust"),
        *("--username=postgres", "--encoding=UTF8", "--locale=C", "--no-instructions"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    ]
    if _run(f"{shlex.join(command)} 3>&-", server=server).returncode:
        raise _failure("initdb failed", server)
    scratch.rename(server.data)


def _launch(server: Server, programs: Path, *, deadline: float) -> bool:
    """True when it answers, False when it gave up.

    In the background of a shell that ends: the server is nobody's child and survives us.
    """
    _disown(_pid_file(server))
    (server.socket / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
    options = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{server.socket}"',
        "unix_socket_permissions": "0700",
        "port": "5432",
    }
    command = [str(programs / "postgres"), "-D", str(server.data)]
    command += [f"--{name}={value}" for name, value in options.items()]
    pid = int(_run(f"{shlex.join(command)} 3>&- & echo $! >&3", server=server).stdout)
    while not answers(server):
        if not _lives(pid) or time.monotonic() > deadline:
            return False
        _pause()
    return True


def _run(command: str, *, server: Server) -> "subprocess.CompletedProcess[str]":
    """Output goes to the log; 3 is our end of the pipe, which a server must not inherit."""
    user = server.user
    log = shlex.quote(str(server.log))
    return subprocess.run(
        ["/bin/sh", "-c", f"umask 077; exec 3>&1 >>{log} 2>&1; {command}"],
        check=False,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        cwd="/",
        start_new_session=True,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
    )


def _create_database(server: Server) -> None:
    with connect(server) as connection:
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        if connection.execute(query, [DATABASE]).fetchone() is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _stop(server: Server) -> bool:
    pid = postmaster(server)
    if pid is None:
        return False
    for sign in (signal.SIGINT, signal.SIGQUIT):
        os.kill(pid, sign)
        deadline = time.monotonic() + STOP_SECONDS
        while _lives(pid) and time.monotonic() < deadline:
            _pause()
        if not _lives(pid):
            return True
    raise _failure(f"The embedded PostgreSQL (process {pid}) does not stop", server)


def _pid_file(server: Server) -> Path:
    return server.data / "postmaster.pid"


def _disown(pid_file: Path) -> None:
    """PostgreSQL refuses to start while the recorded process exists: a zombie, or a stranger
    with its number, would keep it down for ever. The rest of the file stays, by which it makes
    sure that no orphan still writes to the data."""
    try:
        first, rest, others = pid_file.read_text().partition("\n")
    except FileNotFoundError:
        return
    if first.isdigit():
        pid_file.write_text(f"{NO_PROCESS}{rest}{others}")
    else:
        pid_file.unlink()


def _serves(pid: int, server: Server) -> bool:
    """Numbers are used again, and a copied checkout brings the file of another server along."""
    if not _lives(pid):
        return False
    try:
        return Path(f"/proc/{pid}/cwd").samefile(server.data)
    except PermissionError:  # root without the right to trace
        return os.fsencode(server.data) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except FileNotFoundError:  # no /proc
        return str(server.data) in _pid_file(server).read_text().splitlines()


def _lives(pid: int) -> bool:
    """A zombie is dead."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc/self").exists()


def _failure(what: str, server: Server) -> EmbeddedServerError:
    lines = server.log.read_text(errors="replace").splitlines()[-8:]
    return EmbeddedServerError("\n".join([f"{what}. {server.log} ends with:", *lines]))


def _pause() -> None:
    time.sleep(0.05)
