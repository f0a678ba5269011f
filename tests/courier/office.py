"""Starts the processes of a test, and ends them."""

import os
import signal
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import connection

WORKER = ["-m", "celery", "--app", "config.celery", "worker", "--concurrency", "1"]


@dataclass
class Office:
    folder: Path
    broker: str = "filesystem://localhost"
    settings: str = "tests.courier.settings"
    # What its processes find in their environment, besides.
    told: dict[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen] = field(default_factory=list)

    def start(self, *arguments: str, **options) -> subprocess.Popen:
        """In a session of its own, so that a kill reaches its children."""
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=settings.BASE_DIR,
            env=self.environment(),
            start_new_session=True,
            **options,
        )
        self.processes.append(process)
        return process

    def start_worker(self, *options: str) -> subprocess.Popen:
        """Under a name that no other worker has: RabbitMQ lets in one of each."""
        named = f"--hostname={uuid.uuid4()}@%h"
        with (self.folder / "log").open("a") as log:
            return self.start(*WORKER, named, *options, stdout=log, stderr=subprocess.STDOUT)

    def run(self, *arguments: str, seconds: float = 60) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=settings.BASE_DIR,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": self.settings,
            "CELERY_BROKER_URL": self.broker,
            "COURIER_DATABASE": connection.settings_dict["NAME"],
            "COURIER_FOLDER": str(self.folder),
            "DEBUG": "true",
            **self.told,
        }

    def kill(self, process: subprocess.Popen) -> None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                self.kill(process)

    def parcels(self) -> list[str]:
        notes = self.folder / "parcels"
        return notes.read_text().splitlines() if notes.exists() else []

    def hold(self) -> None:
        (self.folder / "hold").touch()

    def let_go(self) -> None:
        (self.folder / "hold").unlink()
