"""The processes of the demo: the same as in production, in a smaller number."""

import http.client
import os
import socket
import sys

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


def environment(site: str) -> dict[str, str]:
    return {"SITE_URL": site, "LOG_LEVEL": os.environ.get("LOG_LEVEL") or "WARNING"}


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
