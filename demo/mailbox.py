"""Mail of the demo: a folder with one file per message, written and read here."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage as ParsedMessage
from email.parser import BytesParser
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone


@dataclass(frozen=True)
class Mail:
    name: str
    sender: str
    to: str
    subject: str
    sent: datetime
    text: str
    html: str


class Backend(BaseEmailBackend):
    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            _write(message.message().as_bytes())
        return len(email_messages)


def newest_first() -> list[Mail]:
    return [_read(path) for path in sorted(folder().glob("*.eml"), reverse=True)]


def find(name: str) -> Mail | None:
    """`name` comes from an address: it is looked for, never joined to a path."""
    return next((_read(path) for path in folder().glob("*.eml") if path.stem == name), None)


def folder() -> Path:
    return Path(settings.DATA_DIR) / "mail"


def _write(content: bytes) -> None:
    """Named by time; complete as soon as it has its name."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{timezone.now():%Y%m%d-%H%M%S-%f}-{secrets.token_hex(4)}"
    scratch = folder() / f"{name}.part"
    scratch.write_bytes(content)
    scratch.rename(folder() / f"{name}.eml")


def _read(path: Path) -> Mail:
    with path.open("rb") as file:
        message = BytesParser(policy=policy.default).parse(file)
    return Mail(
        name=path.stem,
        sender=message["from"] or "",
        to=message["to"] or "",
        subject=message["subject"] or "",
        sent=datetime.fromtimestamp(path.stat().st_mtime, UTC),
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def _part(message: ParsedMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return part.get_content() if part else ""
