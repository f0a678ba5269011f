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
from demo import programs
from demo.contents import NewOperator, prepare
from demo.supervisor import GaveUp, Supervisor

WELCOME = """
Everafter runs.

  The site          {site}/
  Its mails         {site}/demo/mail/
  The admin         {site}/admin/

Try first: sign up on the site with any address, open the mail, confirm, and take the three steps.
Then look at the new account in the admin, and ask whether everything holds:

  .venv/bin/python manage.py integrity check

Ctrl-C stops everything and keeps the data. `make demo FRESH=1` starts over.
"""
OPERATOR = """Log in to the admin as {operator.email} with the password {operator.password}
(shown this once; another one: .venv/bin/python manage.py createsuperuser)
"""


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
            operator = prepare(couples=options["couples"], out=self.stdout)
            connections.close_all()
            self.serve(listener, site=site, operator=operator)

    def serve(self, listener: socket.socket, *, site: str, operator: NewOperator | None) -> None:
        def greet() -> None:
            self.say(WELCOME.format(site=site))
            if operator:
                self.say(OPERATOR.format(operator=operator))

        supervisor = Supervisor(
            [programs.web(listener), programs.worker()],
            cwd=settings.BASE_DIR,
            env=programs.environment(site),
            say=self.say,
        )
        try:
            supervisor.run(is_up=lambda: programs.is_served(listener), greet=greet)
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
    shutil.rmtree(Path(settings.DATA_DIR) / "mail", ignore_errors=True)


def _is_embedded() -> bool:
    return "EMBEDDED_ROOT" in settings.DATABASES["default"]


def _root() -> Path:
    return Path(settings.BASE_DIR)
