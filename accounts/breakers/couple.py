"""Whose promises are broken on purpose."""

from django.contrib.auth.hashers import make_password
from django.utils.crypto import get_random_string

from accounts.models import User
from accounts.signup import sign_up
from integrity.audit import SYSTEM


def a_couple() -> User:
    """Signed up as anybody is."""
    email = f"selftest-{get_random_string(8).lower()}@example.com"
    return sign_up(email=email, password_hash=make_password(None), by=SYSTEM)
