"""Django's PostgreSQL backend, whose server is started by the first connection that needs it."""

from pathlib import Path
from typing import Any

from django.db.backends.postgresql import base
from django.db.utils import OperationalError
from psycopg import OperationalError as ConnectionFailed

from config import embedded_postgres
from config.embedded_binaries import EmbeddedServerError


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        try:
            return super().get_new_connection(conn_params)
        except ConnectionFailed:
            try:
                embedded_postgres.ensure(Path(self.settings_dict["EMBEDDED_ROOT"]))
            except EmbeddedServerError as error:
                raise OperationalError(str(error)) from error
            return super().get_new_connection(conn_params)
