"""All stand-ins behind one port, each at a place of its own, with its `/control/` below that."""

import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from werkzeug import Response
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import BaseWSGIServer, ThreadedWSGIServer, WSGIRequestHandler

from accounts.simulators.account import PLACES
from accounts.simulators.control import Control
from accounts.simulators.resend import Deliver, Resend
from accounts.simulators.stripe_api import Stripe
from accounts.simulators.supabase import Supabase
from accounts.simulators.vendor import Vendor


class _Quiet(WSGIRequestHandler):
    """Says nothing of the connections that were broken on purpose, nor of each request."""

    def log(self, type: str, message: str, *args: Any) -> None:
        if type == "error":
            super().log(type, message, *args)


class _Server(ThreadedWSGIServer):
    # A call that hangs on purpose holds up no end.
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that was broken ends with an OSError in its thread; all else is told."""
        if not isinstance(sys.exception(), OSError):
            traceback.print_exc()


class Vendors:
    """One of each, as one WSGI application."""

    def __init__(self, *, store: Path | None = None, deliver: Deliver | None = None) -> None:
        def place(name: str) -> Path | None:
            return store / f"{name}.json" if store else None

        if store:
            store.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.stripe = Stripe(store=place("stripe"))
        self.resend = Resend(store=place("resend"), deliver=deliver)
        self.supabase = Supabase(store=place("supabase"))
        everyone: list[Vendor] = [self.stripe, self.resend, self.supabase]
        self.all: Mapping[str, Vendor] = {vendor.name: vendor for vendor in everyone}
        self.application = DispatcherMiddleware(
            Response("Stand-ins of the vendors.", 404),
            {PLACES[name]: Control(vendor) for name, vendor in self.all.items()},
        )

    def reset(self) -> None:
        for vendor in self.all.values():
            vendor.reset()

    @property
    def violations(self) -> list[str]:
        return [line for vendor in self.all.values() for line in vendor.violations]


def bound(vendors: Vendors, *, port: int = 0, fd: int | None = None) -> BaseWSGIServer:
    """A server on this machine only, over a listener of ours if there is one."""
    return _Server("127.0.0.1", port, vendors.application, _Quiet, fd=fd)


@contextmanager
def running(vendors: Vendors) -> Iterator[str]:
    """In a thread of this process. Gives the base address."""
    server = bound(vendors)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
