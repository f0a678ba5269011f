"""How the promised mails leave."""

from smtplib import SMTPRecipientsRefused
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from accounts.mail import EFFECT
from integrity.outbox import Message, Permanent, effect


@effect(EFFECT)
def deliver_mail(message: Message) -> None:
    """Hand one mail to the mail server. The same id each time: a mailbox can drop the double."""
    mail = EmailMultiAlternatives(
        subject=message.sealed["subject"],
        body=message.sealed["text"],
        to=[message.sealed["to"]],
        headers={
            "Message-ID": f"<{message.idempotency_key}@{urlsplit(settings.SITE_URL).hostname}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    if message.sealed["html"]:
        mail.attach_alternative(message.sealed["html"], "text/html")
    try:
        mail.send()
    except SMTPRecipientsRefused as error:
        if all(500 <= code < 600 for code, _ in error.recipients.values()):
            raise Permanent("the mail server refuses the address for good") from None
        raise
