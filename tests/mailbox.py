"""What the outbox has promised to mail, read before it leaves."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache

from accounts.mail import EFFECT
from integrity.models import OutboxMessage
from integrity.sealed import unseal


@dataclass(frozen=True)
class Mail:
    kind: str
    to: str
    subject: str
    text: str
    html: str

    @property
    def path(self) -> str:
        """Where its link leads, without the host."""
        links = [line for line in self.text.splitlines() if line.startswith(settings.SITE_URL)]
        return urlsplit(links[0]).path


def promised() -> list[Mail]:
    messages = OutboxMessage.objects.filter(effect=EFFECT).order_by("pk")
    return [Mail(message.payload["kind"], **unseal(bytes(message.sealed))) for message in messages]


def kinds() -> list[tuple[str, str]]:
    return [(mail.kind, mail.to) for mail in promised()]


def last() -> Mail:
    return promised()[-1]


def forget() -> None:
    """As if everything had been delivered."""
    OutboxMessage.objects.all().delete()


def a_minute_later() -> None:
    """What was mailed until now no longer counts."""
    cache.clear()
