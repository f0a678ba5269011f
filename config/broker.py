"""How Celery talks to its broker, by kind of broker."""

from pathlib import Path
from typing import Any


def transport_options(url: str, *, folder: Path) -> dict[str, Any]:
    if url.startswith("filesystem:"):
        return _filesystem(folder)
    if url.startswith(("redis:", "rediss:")):
        # Without the last two a killed worker's messages come back after 100 seconds only.
        return {
            "visibility_timeout": 3600,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
        }
    return {}


def _filesystem(folder: Path) -> dict[str, Any]:
    """The transport demands that its folders exist."""
    queue, control = folder / "queue", folder / "control"
    for path in (queue, control):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "data_folder_in": str(queue),
        "data_folder_out": str(queue),
        "control_folder": str(control),
    }
