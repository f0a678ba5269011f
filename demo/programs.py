"""The processes of the demo: the same as in production, in a smaller number."""

import http.client
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings
from django.urls import reverse

from accounts.simulators.account import configuration
from config.environment import DEMO
from demo import mailbox
from demo.supervisor import Program


def web(listener: socket.socket) -> Program:
    """Over a socket that is ours: a restart refuses no visitor."""
    return Program(
        "web server",
        [
            *(sys.executable, "-m", "gunicorn", "--config", "python:config.gunicorn"),
            *("--bind", f"fd://{listener.fileno()}", "config.wsgi"),
        ],
        pass_fds=[listener.fileno()],
    )


def worker() -> Program:
    """Worker and beat in one; the messages of the others about themselves are of no use to one."""
    return Program(
        "worker",
        [
            *(sys.executable, "-W", "ignore:You're running the worker with superuser privileges"),
            *("-m", "celery", "--quiet", "--app", "config.celery", "worker", "--beat"),
            *("--concurrency", "2", "--loglevel", "WARNING"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ],
    )


def stand_ins(listener: socket.socket, *, site: str) -> Program:
    """The vendors, as far as this machine can be them."""
    return Program(
        "server of the vendors' stand-ins",
        [
            *(sys.executable, "-m", "accounts.simulators", "--fd", str(listener.fileno())),
            *("--store", str(stand_ins_folder())),
            *("--mail", str(mailbox.folder())),
            *("--webhooks", f"{site}{reverse('accounts_stripe_webhook')}"),
        ],
        pass_fds=[listener.fileno()],
    )


def stand_ins_folder() -> Path:
    return Path(settings.DATA_DIR) / "vendors"


def need_stand_ins() -> bool:
    """Whoever has configured a vendor of their own, or a mail server, keeps it."""
    named = any(os.environ.get(name) for name in (*configuration(""), "EMAIL_URL"))
    return not named and find_spec("werkzeug") is not None


def environment(site: str, *, vendors: str = "") -> dict[str, str]:
    """
    Args:
        vendors: where the stand-ins answer, if there are any.
    """
    told = {"STAND_INS_URL": vendors, **configuration(vendors)} if vendors else {}
    return {"SITE_URL": site} | told


@contextmanager
def known_to_commands(environment: dict[str, str]) -> Iterator[None]:
    """As long as it runs: else a command typed beside it would know of no vendor."""
    path = Path(settings.DATA_DIR) / DEMO
    path.write_text("".join(f"{name}={value}\n" for name, value in environment.items()))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def is_served(listener: socket.socket) -> bool:
    host, port = listener.getsockname()
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/demo/mail/")
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()
