"""Where mails leave: through Resend where its key is set, else through Django's mail server."""

import smtplib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from accounts.clients.contacts import caller
from accounts.clients.outcomes import NotSent, Rejected, Unknown

# Resend remembers a key for 24 hours (its page "Idempotency Keys"); an hour is for our clocks.
KEY_LASTS = timedelta(hours=23)
# The mail server has refused before it took anything.
BEFORE_THE_MAIL = (
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPSenderRefused,
    smtplib.SMTPHeloError,
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPNotSupportedError,
    smtplib.SMTPConnectError,
    ConnectionRefusedError,
)


class MayHaveLeft(Rejected):
    """The mail was tried a day ago, and nobody knows whether it left. Another try could send it
    twice: look for it at Resend before you retry it."""

    def __str__(self) -> str:
        return " ".join((self.__doc__ or "").split())


@dataclass(frozen=True)
class Mail:
    to: str
    subject: str
    text: str
    html: str = ""


def send(mail: Mail, *, key: str, tried_since: datetime | None = None) -> None:
    """Hand over one mail.

    Args:
        key: the same for each try of one mail, which has to be the same too.
        tried_since: no try before this moment; None if this is the first.

    Raises:
        VendorError: what became of it instead.
    """
    if settings.RESEND_SENDING_KEY:
        _by_resend(mail, key=key, tried_since=tried_since)
    else:
        _by_mail_server(mail, key=key)


def _by_resend(mail: Mail, *, key: str, tried_since: datetime | None) -> None:
    if tried_since and timezone.now() - tried_since > KEY_LASTS:
        raise MayHaveLeft("resend emails.send", code="tried_a_day_ago")
    body: dict[str, Any] = {
        "from": settings.DEFAULT_FROM_EMAIL,
        "to": [mail.to],
        "subject": mail.subject,
        "text": mail.text,
        "headers": {"Auto-Submitted": "auto-generated"},
    }
    if mail.html:
        body["html"] = mail.html
    ask = caller(settings.RESEND_SENDING_KEY).ask
    ask("emails.send", "POST", "/emails", body=body, headers={"Idempotency-Key": key})


def _by_mail_server(mail: Mail, *, key: str) -> None:
    """The same id each time: a mailbox can drop the double."""
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        to=[mail.to],
        headers={
            "Message-ID": f"<{key}@{urlsplit(settings.SITE_URL).hostname}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    name = "mail server send"
    try:
        message.send()
    except BEFORE_THE_MAIL as error:
        kind = Rejected if _is_for_good(error) else NotSent
        raise kind(name, code=type(error).__name__) from None
    except (smtplib.SMTPException, OSError) as error:
        raise Unknown(name, code=type(error).__name__) from None


def _is_for_good(error: Exception) -> bool:
    """The address is refused, and not for now only."""
    if not isinstance(error, smtplib.SMTPRecipientsRefused):
        return False
    return all(500 <= code < 600 for code, _ in error.recipients.values())
