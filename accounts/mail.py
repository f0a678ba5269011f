"""Mails: rendered once, inside the transaction that promises them, and sealed until they leave."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.template import Context, Engine
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import User
from integrity.audit import Actor
from integrity.flows import flow
from integrity.outbox import enqueue

EFFECT = "accounts.mail"


def enqueue_mail(
    kind: str,
    *,
    to: str,
    key: str,
    context: Mapping[str, Any] | None = None,
    about: User | None = None,
) -> None:
    """Promise one mail in the open transaction.

    Args:
        kind: the name of its three templates, `accounts/mail/<kind>.subject.txt|txt|html`.
        key: a second promise of the same key adds nothing while the first one waits.
        about: whose account it is about, so that support finds it.
    """
    promise_mail(kind, sealed=render(kind, to=to, context=context or {}), key=key, about=about)


def promise_mail(
    kind: str, *, sealed: Mapping[str, str], key: str, about: User | None = None
) -> None:
    """Promise a mail that is written already."""
    payload = {"kind": kind} | ({"user": str(about.uid)} if about else {})
    enqueue(EFFECT, key=key, payload=payload, sealed=sealed)


@flow("accounts.send_mail")
def send_mail(*, kind: str, sealed: Mapping[str, str], key: str, by: Actor) -> None:
    """Promise a mail that stands alone: nothing else is written with it."""
    promise_mail(kind, sealed=sealed, key=key)


def render(kind: str, *, to: str, context: Mapping[str, Any]) -> dict[str, str]:
    """Address, subject and both bodies."""
    values = {"email": to, "site_url": settings.SITE_URL, **context}
    subject = _render_text(f"accounts/mail/{kind}.subject.txt", values)
    return {
        "to": to,
        "subject": " ".join(subject.split()),
        "text": _render_text(f"accounts/mail/{kind}.txt", values),
        "html": render_to_string(f"accounts/mail/{kind}.html", values),
    }


def _render_text(name: str, values: Mapping[str, Any]) -> str:
    # Text is no HTML: an ampersand in a name stays one.
    template = Engine.get_default().get_template(name)
    return template.render(Context(dict(values), autoescape=False)).strip() + "\n"


def link(view: str, *args: str) -> str:
    """An address of this site that works in a mail, where there is no request."""
    return f"{settings.SITE_URL}{reverse(view, args=args)}"
