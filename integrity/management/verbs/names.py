"""Rows of invariants, by the names that a command was given."""

from collections.abc import Iterable

from django.db.models import Q


def of(names: Iterable[str]) -> Q:
    """Invariants of these names or apps, also such as are no longer declared; all for no name."""
    chosen = Q()
    for name in names:
        chosen |= Q(invariant=name) | Q(invariant__startswith=f"{name}.")
    return chosen
