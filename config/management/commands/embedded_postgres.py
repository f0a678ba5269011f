from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import embedded_postgres
from config.embedded_binaries import EmbeddedServerError
from config.embedded_process import postmaster


class Command(BaseCommand):
    help = "The PostgreSQL that comes with this checkout. It starts by itself when it is needed."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["start", "stop", "status"])

    def handle(self, *args: Any, **options: Any) -> None:
        if "EMBEDDED_ROOT" not in settings.DATABASES["default"]:
            self.stdout.write("not used: DATABASE_URL is set")
            return
        try:
            self.stdout.write(getattr(self, options["verb"])())
        except EmbeddedServerError as error:
            raise CommandError(str(error)) from error

    def start(self) -> str:
        embedded_postgres.ensure(settings.BASE_DIR)
        return self.status()

    def stop(self) -> str:
        return "stopped" if embedded_postgres.stop(settings.BASE_DIR) else "not running"

    def status(self) -> str:
        server = embedded_postgres.locate(settings.BASE_DIR)
        if not embedded_postgres.answers(server):
            return "not running"
        return f"running, process {postmaster(server)}, data in {server.data}"
