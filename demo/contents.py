"""What the demo's database holds before the first visitor comes."""

import secrets
from dataclasses import dataclass

from django.core.management.base import OutputWrapper

from accounts.models import Kind, User
from demo.seed import seed

OPERATOR = "operator@everafter.example"


@dataclass(frozen=True)
class NewOperator:
    email: str
    password: str


def prepare(*, couples: int, out: OutputWrapper) -> NewOperator | None:
    """Fill an empty database. The operator comes last, so that his presence means: complete."""
    if User.objects.filter(kind=Kind.OPERATOR).exists():
        return None
    if not User.objects.filter(kind=Kind.COUPLE).exists():
        seed(couples=couples, out=out)
    operator = NewOperator(OPERATOR, secrets.token_urlsafe(9))
    User.objects.create_superuser(email=operator.email, password=operator.password)
    return operator
