"""What is personal in a saga: sealed, in a table of its own, gone when the saga ends."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from integrity.models import Saga, SagaSecret
from integrity.sealed import UnreadableSeal, seal, unseal
from integrity.transactions import transaction_required


def secret(saga: UUID, purpose: str) -> dict[str, Any]:
    """Empty if nothing was sealed for this purpose. Raises UnreadableSeal."""
    row = SagaSecret.objects.filter(saga__uid=saga, purpose=purpose).first()
    if row is None:
        return {}
    opened = unseal(bytes(row.sealed))
    if opened.get("of") != _owner(saga, purpose):
        # Moved here from another row; it opens, and is somebody else's.
        raise UnreadableSeal(UnreadableSeal.__doc__)
    content: dict[str, Any] = opened["content"]
    return content


@transaction_required
def replace_secret(saga: UUID, purpose: str, content: Mapping[str, Any]) -> None:
    row = Saga.objects.only("pk").get(uid=saga)
    sealed = seal({"of": _owner(saga, purpose), "content": dict(content)})
    SagaSecret.objects.bulk_create(
        [SagaSecret(saga=row, purpose=purpose, sealed=sealed)],
        update_conflicts=True,
        unique_fields=["saga", "purpose"],
        update_fields=["sealed"],
    )


@transaction_required
def forget_secrets(saga: Saga) -> None:
    SagaSecret.objects.filter(saga=saga).delete()


def _owner(saga: UUID, purpose: str) -> str:
    return f"{saga} {purpose}"
