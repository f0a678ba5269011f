"""The server's processes: started for good, recognised by what they serve, ended on request."""

import os
import pwd
import shlex
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from config.embedded_binaries import EmbeddedServerError

STOP_SECONDS = 20.0
# Larger than any kernel's pid_max.
NO_PROCESS = 2**30


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


def postmaster(server: Server) -> int | None:
    """Process id of a living server over this very data folder."""
    try:
        pid = int(pid_file(server).read_text().partition("\n")[0])
    except (FileNotFoundError, ValueError):
        return None
    return pid if _serves(pid, server) else None


def run(command: str, *, server: Server) -> "subprocess.CompletedProcess[str]":
    """Output goes to the log; 3 is our end of the pipe, which a server must not inherit."""
    user = server.user
    log = shlex.quote(str(server.log))
    try:
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
    except PermissionError as error:
        raise EmbeddedServerError(
            "PostgreSQL refuses to run as root, and root may not act for another account here. "
            "Work as another user, or set DATABASE_URL."
        ) from error


def end(server: Server) -> bool:
    pid = postmaster(server)
    if pid is None:
        return False
    for sign in (signal.SIGINT, signal.SIGQUIT):
        os.kill(pid, sign)
        deadline = time.monotonic() + STOP_SECONDS
        while lives(pid) and time.monotonic() < deadline:
            pause()
        if not lives(pid):
            return True
    raise failure(f"The embedded PostgreSQL (process {pid}) does not stop", server)


def pid_file(server: Server) -> Path:
    return server.data / "postmaster.pid"


def disown(pid_file: Path) -> None:
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
    if not lives(pid):
        return False
    try:
        return Path(f"/proc/{pid}/cwd").samefile(server.data)
    except PermissionError:  # root without the right to trace
        return os.fsencode(server.data) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except FileNotFoundError:  # no /proc
        return str(server.data) in pid_file(server).read_text().splitlines()


def lives(pid: int) -> bool:
    """A zombie is dead."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc/self").exists()


def failure(what: str, server: Server) -> EmbeddedServerError:
    lines = server.log.read_text(errors="replace").splitlines()[-8:] if server.log.exists() else []
    return EmbeddedServerError("\n".join([f"{what}. {server.log} ends with:", *lines]))


def pause() -> None:
    time.sleep(0.05)
