"""Mails that the stand-in of Resend took, as files: one message each, named by time."""

import secrets
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from accounts.simulators.resend import Deliver


def into(folder: Path) -> Deliver:
    def deliver(mail: dict[str, Any]) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{secrets.token_hex(4)}"
        scratch = folder / f"{name}.part"
        scratch.write_bytes(written(mail).as_bytes())
        scratch.rename(folder / f"{name}.eml")

    return deliver


def written(mail: dict[str, Any]) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = mail["from"], ", ".join(mail["to"])
    message["Subject"] = mail["subject"]
    message.set_content(mail.get("text") or "")
    if mail.get("html"):
        message.add_alternative(mail["html"], subtype="html")
    return message
