"""Where something could lie of somebody: the dumped database, log lines, a broker's files."""

import logging
import logging.config
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from config.embedded_binaries import find_bin
from config.logs import logging_config
from integrity.privacy.needles import Needles


def pg_dump() -> str:
    """The server's own one: an older refuses it."""
    major = connection.pg_version // 10_000
    found = [
        f"/usr/lib/postgresql/{major}/bin/pg_dump",
        str(find_bin() / "pg_dump"),
        shutil.which("pg_dump"),
    ]
    fitting = [each for each in found if each and Path(each).exists() and _major(each) >= major]
    assert fitting, f"There is no pg_dump {major} here."
    return fitting[0]


def _major(program: str) -> int:
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return int(told.stdout.split()[2].partition(".")[0])


def dump() -> str:
    """The whole database, data and structure, as a backup has it."""
    known = connection.get_connection_params()
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}
    told = {names[key]: str(value) for key, value in known.items() if key in names and value}
    made = subprocess.run(
        [pg_dump(), "--dbname", known["dbname"]],
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout


@contextmanager
def written_log(path: Path) -> Iterator[None]:
    """Every line of this process, as the site writes it in production."""
    configuration = logging_config(json=True, level="INFO")
    made = logging.config.DictConfigurator(configuration)
    handler = logging.FileHandler(path)
    handler.setFormatter(made.configure_formatter(configuration["formatters"]["line"]))
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()


def lines_with(text: str, wanted: Needles) -> list[str]:
    """Each with what stands around the first finding."""
    return [_around(line, wanted) for line in text.splitlines() if wanted.are_in(line)]


def _around(line: str, wanted: Needles) -> str:
    places = [line.find(each) for each in wanted.exact]
    places += [line.lower().find(each) for each in wanted.folded]
    first = min(place for place in places if place >= 0)
    return line[max(0, first - 120) : first + 120]
