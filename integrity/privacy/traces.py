"""Erase what a person leaves where no foreign key leads."""

from typing import Any

from integrity.privacy.declare import erasers
from integrity.transactions import transaction_required


@transaction_required
def erase_traces(person: Any, *, limit: int) -> int:
    """Erase about so many rows at most; call it again, each time in a new transaction, until it
    returns 0. Then the person's own rows may go: they lead to what is erased here."""
    erased = 0
    for each in erasers:
        if erased >= limit:
            break
        erased += each.erase(person, limit - erased)
    return erased
