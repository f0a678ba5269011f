"""What the demo's database holds before the first visitor comes."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from django.core.management.base import OutputWrapper

from accounts.models import Kind, User
from demo.faults import OPERATOR, plant_and_find
from demo.known import make_known
from demo.leavers import let_one_stand_still
from demo.seed import seed
from integrity.audit import command_actor

# What deletes rows is approved by a second person.
COLLEAGUE = "colleague@everafter.example"


@dataclass(frozen=True)
class NewOperators:
    emails: tuple[str, ...]
    password: str


def prepare(
    *, couples: int, out: OutputWrapper, vendors: Path | None = None
) -> NewOperators | None:
    """Fill an empty database. The operator comes last, so that his presence means: complete.

    Args:
        vendors: where their stand-ins keep what they know; None where there are none.
    """
    operators = User.objects.filter(kind=Kind.OPERATOR)
    if operators.exclude(email=COLLEAGUE).exists():
        return None
    # Couples that are there already may be anybody's; only our own are broken.
    if not User.objects.filter(kind=Kind.COUPLE).exists():
        seed(couples=couples, out=out)
        if vendors:
            make_known(store=vendors)
            let_one_stand_still(store=vendors)
        plant_and_find(by=command_actor("the demo's faults were planted"))
    missing = (COLLEAGUE, OPERATOR) if not operators.exists() else (OPERATOR,)
    made = NewOperators(missing, secrets.token_urlsafe(9))
    for email in made.emails:
        User.objects.create_superuser(email=email, password=made.password)
    return made
