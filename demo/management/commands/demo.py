"""One command that sets up, fills and serves the site."""

import errno
import os
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connections

from config import embedded_postgres
from config.embedded_binaries import EmbeddedServerError
from demo import leavers, programs
from demo.contents import NewOperators, prepare
from demo.faults import FAULTS
from demo.supervisor import GaveUp, Program, Supervisor

WELCOME = """
Everafter runs. Four things in it were broken on purpose, to be found and repaired:
{faults}{deletion}

  Start here        {site}/demo/
  The admin         {site}/admin/
  The site          {site}/
  Its mails         {site}/demo/mail/
  Its vendors       {site}/demo/vendors/

The first page tells what happened, and how to repair it and take that back in five minutes. What is
broken now, the terminal knows as well:

  .venv/bin/python manage.py integrity findings

Ctrl-C stops everything and keeps the data. `make demo FRESH=1` starts over.
"""
OPERATOR = """Log in to the admin as {operator} with the password {password}
(shown this once; another one: .venv/bin/python manage.py createsuperuser)
"""
DELETION = "\nOne couple's deletion stands still, and needs a person to say “Try again”."
COLLEAGUE = "The same password opens {}, for what a second person must approve.\n"


class Command(BaseCommand):
    help = "Set up the database, fill it with made-up couples, serve the site. Ctrl-C stops it."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fresh", action="store_true", help="start with an empty database")
        parser.add_argument("--port", type=int, default=8000, help="0 takes any free one")
        parser.add_argument("--couples", type=int, default=500, help="how many to make up")

    def handle(self, *args: Any, **options: Any) -> None:
        with self._quiet_stop(), _bound(options["port"]) as listener, _embedded_server():
            site = os.environ.get("SITE_URL") or f"http://localhost:{listener.getsockname()[1]}"
            settings.SITE_URL = site
            self.say("Preparing the database ...")
            if options["fresh"]:
                _start_over()
            try:
                call_command("migrate", verbosity=0)
            except OperationalError as error:
                raise CommandError(f"The database can't be used: {error}") from error
            vendors = programs.stand_ins_folder() if programs.need_stand_ins() else None
            operators = prepare(couples=options["couples"], out=self.stdout, vendors=vendors)
            connections.close_all()
            self.serve(listener, greeting=greeting(site, operators), site=site)

    def serve(self, listener: socket.socket, *, greeting: str, site: str) -> None:
        with _stand_ins(listener, site=site) as (started, vendors):
            told = programs.environment(site, vendors=vendors)
            supervisor = Supervisor(
                [*started, programs.web(listener), programs.worker()],
                cwd=settings.BASE_DIR,
                env={"LOG_LEVEL": os.environ.get("LOG_LEVEL") or "WARNING"} | told,
                say=self.say,
            )
            try:
                with programs.known_to_commands(told):
                    supervisor.run(
                        is_up=lambda: programs.is_served(listener), greet=lambda: self.say(greeting)
                    )
            except GaveUp as error:
                raise CommandError(str(error)) from error
        self.say("Stopped. The data is kept.")

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    @contextmanager
    def _quiet_stop(self) -> Iterator[None]:
        """Before the supervisor takes over, and after."""
        for name in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.default_int_handler)
        try:
            yield
        except KeyboardInterrupt:
            self.say("\nStopped. The data is kept.")


def greeting(site: str, operators: NewOperators | None) -> str:
    """The first words: what is here, where to look, and how to get in."""
    faults = "\n".join(f"  - {fault.title}" for fault in FAULTS)
    deletion = DELETION if leavers.standing_still() else ""
    words = WELCOME.format(site=site, faults=faults, deletion=deletion)
    if operators:
        *colleagues, operator = operators.emails
        words += OPERATOR.format(operator=operator, password=operators.password)
        words += "".join(COLLEAGUE.format(each) for each in colleagues)
    return words


@contextmanager
def _bound(port: int) -> Iterator[socket.socket]:
    """Before anything else is done: what is the use of a database that nobody can look at."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    with listener:
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen()
        except (OSError, OverflowError) as error:
            in_use = getattr(error, "errno", None) == errno.EADDRINUSE
            reason = "is in use" if in_use else f"can't be used ({error})"
            raise CommandError(
                f"Port {port} {reason}. Stop what runs there, or take another: "
                f"make demo PORT={port + 1 if 1024 <= port < 65535 else 8001}"
            ) from error
        yield listener


@contextmanager
def _stand_ins(listener: socket.socket, *, site: str) -> Iterator[tuple[list[Program], str]]:
    """The program and its address, a hundred above the site's if that is free."""
    if not programs.need_stand_ins():
        yield [], ""
        return
    with socket.socket() as own:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            own.bind(("127.0.0.1", listener.getsockname()[1] + 100))
        except (OSError, OverflowError):
            own.bind(("127.0.0.1", 0))
        own.listen()
        yield [programs.stand_ins(own, site=site)], f"http://127.0.0.1:{own.getsockname()[1]}"


@contextmanager
def _embedded_server() -> Iterator[None]:
    """A server that was not there before is not left behind, unless somebody else uses it now."""
    if not _is_embedded() or embedded_postgres.answers(embedded_postgres.locate(_root())):
        yield
        return
    try:
        yield
    finally:
        connections.close_all()
        with suppress(EmbeddedServerError, psycopg.OperationalError):
            if embedded_postgres.is_idle(_root()):
                embedded_postgres.stop(_root())


def _start_over() -> None:
    if not _is_embedded():
        raise CommandError(
            "--fresh empties the embedded PostgreSQL only, and DATABASE_URL is set. "
            "Empty that database yourself, or name another."
        )
    try:
        embedded_postgres.start_over(_root())
    except EmbeddedServerError as error:
        raise CommandError(str(error)) from error
    for name in ("mail", "vendors"):
        shutil.rmtree(Path(settings.DATA_DIR) / name, ignore_errors=True)


def _is_embedded() -> bool:
    return "EMBEDDED_ROOT" in settings.DATABASES["default"]


def _root() -> Path:
    return Path(settings.BASE_DIR)
