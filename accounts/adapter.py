"""Where allauth meets our rules: canonical addresses, our flows, and mails through the outbox."""

import unicodedata
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.urls import reverse

from accounts.actors import VISITOR, acting
from accounts.addresses.verification import confirm_email
from accounts.emails import canonical_email
from accounts.errors import LinkNoLongerValid
from accounts.mail import send_mail
from accounts.models import Kind, User
from accounts.passwords import set_password

STAGE = "allauth.account.stages.EmailVerificationStage"
OUR_STAGE = "accounts.stages.VerificationStage"


class Adapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "The address or the password is not correct. If you have just"
        " signed up, open the link in our mail first."
    }

    def clean_email(self, email: str) -> str:
        return canonical_email(email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """What allauth writes by itself, such as notices about a second factor."""
        host = urlsplit(settings.SITE_URL).netloc
        site = SimpleNamespace(name="Everafter", domain=host)
        values = {"request": self.request, "email": email, "current_site": site} | context
        message = self.render_mail(template_prefix, email, values)
        send_mail(
            kind=template_prefix,
            sealed=_sealed(message),
            key=f"{template_prefix}:{uuid4()}",
            by=VISITOR,
        )

    def get_login_stages(self) -> list[str]:
        stages: list[str] = super().get_login_stages()
        return [OUR_STAGE if stage == STAGE else stage for stage in stages]

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        user = request.user
        if isinstance(user, User) and user.kind == Kind.OPERATOR:
            return reverse("admin:index")
        url: str = super().get_login_redirect_url(request)
        return url

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts_home")

    def set_password(self, user: User, password: str) -> None:
        set_password(user=user, password_hash=make_password(password), by=acting(user))
        user.refresh_from_db(fields=["password"])

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        user = email_address.user
        try:
            confirm_email(user=user, email=email_address.email, by=acting(user))
        except LinkNoLongerValid:
            return False
        return True

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """One count for all spellings of an address, under whatever host name it was asked."""
        typed = credentials.get("email", credentials.get("username", ""))
        try:
            return canonical_email(typed)
        except ValidationError:
            return unicodedata.normalize("NFKC", typed).casefold().strip()


def _sealed(message: EmailMessage) -> dict[str, str]:
    html = [
        part.content
        for part in getattr(message, "alternatives", [])
        if part.mimetype == "text/html"
    ]
    return {
        "to": message.to[0],
        "subject": str(message.subject),
        "text": str(message.body),
        "html": html[0] if html else "",
    }
