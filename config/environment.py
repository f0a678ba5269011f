"""What differs between machines: read from the environment, complete or refused, never shown."""

import base64
import ipaddress
import json
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import environ
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
SHORTEST_TOKEN = 24
# What a running demo has told its programs, in its data folder.
DEMO = "demo.env"

REQUIRED = {
    "SECRET_KEY": "signs sessions and links",
    "SEAL_KEYS": "encrypt mails that wait for delivery; comma-separated Fernet keys, newest first",
    "ALLOWED_HOSTS": "host names this site answers to, comma-separated",
    "SITE_URL": "where people reach the site; the base of every link in a mail",
    "DATABASE_URL": "a PostgreSQL 15 or newer",
    "CELERY_BROKER_URL": "Redis or RabbitMQ",
    "DEFAULT_FROM_EMAIL": "the sender of every mail",
    "EMAIL_URL": "the mail server, smtp+tls://...; not needed where RESEND_SENDING_KEY is set",
    "TRUST_FORWARDED_PROTO": "true behind a proxy that ends TLS and sets X-Forwarded-Proto itself; "
    "without it each page redirects to itself. Else false",
    "TRUSTED_PROXY_COUNT": "how many proxies add to X-Forwarded-For, 0 without one; one too few, "
    "and all visitors share one limit",
}

IN_PLACE_OF = {"EMAIL_URL": "RESEND_SENDING_KEY"}
FLAGS = {"true": True, "false": False}
DEVELOPMENT_HINT = (
    "For a development profile that needs none of them, write DEBUG=true into .env "
    "(`make setup` does it)."
)


def load(path: Path) -> environ.Env:
    """Values that are already in the environment win over the file."""
    environ.Env.read_env(path)
    return environ.Env()


def data_folder(base: Path) -> Path:
    """Where a checkout keeps what it makes for itself."""
    return Path(text("DATA_DIR", default=str(base / ".data")))


def join_demo(base: Path) -> None:
    """A second terminal asks the vendors that a running demo asks, and links to its site."""
    if load(base / ".env").bool("DEBUG", default=False):
        load(data_folder(base) / DEMO)


def text(name: str, *, default: str = "") -> str:
    """As it stands. environ.Env would take a leading `$` for a reference and print the rest."""
    return os.environ.get(name, "").strip() or default


def words(name: str, *, default: str = "") -> list[str]:
    return [word.strip() for word in text(name, default=default).split(",") if word.strip()]


def number(name: str, *, default: int) -> int:
    """Zero or more."""
    return parsed(name, lambda: _count(text(name, default=str(default))))


def flag(name: str, *, default: bool) -> bool:
    """True or false; a typing error is neither."""
    return parsed(name, lambda: FLAGS[text(name, default=str(default)).lower()])


def networks(name: str) -> list[Network]:
    """Addresses and networks, such as 10.0.0.0/8."""
    return parsed(name, lambda: [ipaddress.ip_network(word) for word in words(name)])


def token(name: str) -> str:
    """A secret that nobody guesses, or nothing."""
    return parsed(name, lambda: _long(text(name)))


def require_all() -> None:
    missing = [name for name in REQUIRED if not (text(name) or text(IN_PLACE_OF.get(name, "")))]
    if missing:
        lines = [f"  {name}: {REQUIRED[name]}" for name in missing]
        raise ImproperlyConfigured(
            "\n".join(["Not set in the environment:", *lines, DEVELOPMENT_HINT])
        )
    if "*" in words("ALLOWED_HOSTS"):
        raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts; with * any name would do.")


def parsed(name: str, parse: Callable[[], T]) -> T:
    """A value that can't be parsed is named, never repeated: it may hold a password."""
    try:
        return parse()
    except (ValueError, KeyError, ImproperlyConfigured):
        raise ImproperlyConfigured(f"{name} is set, but can't be understood.") from None


def _long(token: str) -> str:
    if 0 < len(token) < SHORTEST_TOKEN:
        raise ValueError
    return token


def _count(text: str) -> int:
    if (count := int(text)) < 0:
        raise ValueError
    return count


def development_keys(folder: Path) -> dict[str, Any]:
    """Keys of this checkout, made once. The winner of a race is the file that was linked first."""
    path = folder / "keys.json"
    try:
        if not path.exists():
            _write_once(path, {"secret_key": secrets.token_urlsafe(50), "seal_keys": [_seal_key()]})
        return dict(json.loads(path.read_text()))
    except PermissionError:
        raise ImproperlyConfigured(
            f"{folder} belongs to another user of this machine. "
            "Use a checkout of your own, or remove that folder."
        ) from None


def _seal_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def _write_once(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(content, file)
        os.link(scratch, path)
    except FileExistsError:
        pass
    finally:
        Path(scratch).unlink()
