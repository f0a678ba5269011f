"""The kinds of broker that a worker is tried with."""

import os
import socket

import pytest
from kombu import Connection

from config.broker import transport_options

BROKERS = {
    "filesystem": ("filesystem://localhost", None),
    "redis": ("redis://127.0.0.1:6379/0", 6379),
    "rabbitmq": ("amqp://guest:guest@127.0.0.1:5672//", 5672),
}


def skip_unless_it_runs(name, port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{name} doesn't run at 127.0.0.1:{port}")


def forget_queue(broker, folder):
    """A broker outlives the tests."""
    options = transport_options(broker, folder=folder)
    with Connection(broker, transport_options=options) as connection:
        channel = connection.default_channel
        channel.queue_delete(folder.name)
        channel.exchange_delete(folder.name)
        if broker.startswith("redis:"):
            for key in channel.client.scan_iter(f"*{folder.name}*"):
                channel.client.delete(key)
