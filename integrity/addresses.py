"""Where alerts go: an e-mail address by the site's own mail, anything else by Apprise.

Apprise is imported only where an address asks for it. Most addresses hold a secret, so whatever is
stored, logged or shown of one is its label.
"""

import hashlib
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email

from integrity.conf import config
from integrity.outbox import Permanent, TryAgain

URL = re.compile(r"([a-z][a-z0-9+.-]*)://\S+", re.IGNORECASE)


class NotInstalled(Exception):
    """An address needs Apprise: pip install apprise. Plain e-mail addresses need nothing."""


@dataclass(frozen=True)
class Address:
    text: str = field(repr=False)

    @property
    def is_mail(self) -> bool:
        return "://" not in self.text

    @property
    def label(self) -> str:
        """Its kind, and enough to tell it from another of that kind."""
        url = URL.fullmatch(self.text)
        kind = "mail" if self.is_mail else url[1].lower() if url else "?"
        return f"{kind}-{hashlib.sha256(self.text.encode()).hexdigest()[:6]}"


@dataclass(frozen=True)
class Text:
    """A message. `tone` is Apprise's: info, success, warning or failure."""

    title: str
    body: str
    tone: str = "info"


def addresses() -> list[Address]:
    """Those that are set, each once."""
    return [Address(text) for text in dict.fromkeys(config().alert_addresses)]


def is_usable(address: Address) -> bool:
    """Whether it can be understood; not whether anybody is there. Raises NotInstalled."""
    if not address.is_mail:
        return _service(address) is not None
    try:
        validate_email(address.text)
    except ValidationError:
        return False
    return True


def send(address: Address, text: Text) -> None:
    """Deliver one message.

    Raises:
        TryAgain: it may arrive another time.
        Permanent: it won't as long as the settings stay as they are.
    """
    if address.is_mail:
        _by_mail(address, text)
    else:
        _by_apprise(address, text)


def _by_mail(address: Address, text: Text) -> None:
    headers = {"Auto-Submitted": "auto-generated"}
    sender, to = settings.SERVER_EMAIL, [address.text]
    try:
        EmailMessage(text.title, text.body, sender, to, headers=headers).send()
    except (SMTPException, OSError) as error:
        reason = f"the mail server did not take it for {address.label}: {type(error).__name__}"
        raise TryAgain(reason) from None


def _by_apprise(address: Address, text: Text) -> None:
    try:
        service = _service(address)
    except NotInstalled as error:
        raise Permanent(str(error)) from None
    if service is None:
        raise Permanent(f"{address.label} is not an address that Apprise understands")
    with _unheard():
        sent = service.notify(title=text.title, body=text.body, notify_type=text.tone)
    if not sent:
        raise TryAgain(f"{address.label} did not take it")


def _service(address: Address) -> Any:
    """Apprise's part for this address, or None: it has none."""
    with _unheard():
        try:
            import apprise
        except ImportError as error:
            raise NotInstalled(NotInstalled.__doc__) from error
        name = config().site_name or "integrity"
        asset = apprise.AppriseAsset(app_id=name, app_desc=name, app_url=config().site_url)
        return apprise.Apprise.instantiate(address.text, asset=asset, suppress_exceptions=True)


@contextmanager
def _unheard() -> Iterator[None]:
    """Its log names hosts and recipients, and its plugins import what Python deprecates."""
    logger = logging.getLogger("apprise")
    before, logger.disabled = logger.disabled, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        logger.disabled = before
