"""allauth's table of addresses, with our triggers on it."""

from allauth.account.models import EmailAddress

from accounts import triggers


class Address(EmailAddress):  # type: ignore[misc]  # allauth has no types
    class Meta:
        proxy = True
        triggers = triggers.ADDRESS
