"""A flow that promises an effect, its delivery, and what the operator sees of it."""
# ruff: noqa: T201

import django

django.setup()

from integrity.audit import SYSTEM, audit  # noqa: E402
from integrity.flows import AlreadyDone, claim_operation, flow  # noqa: E402
from integrity.models import OutboxMessage  # noqa: E402
from integrity.outbox import enqueue  # noqa: E402
from integrity.relay import deliver_due  # noqa: E402
from integrity.testing import assert_every_invariant_holds  # noqa: E402


@flow("bare.promise")
def promise(*, key, refused, operation, by):
    claim_operation(operation)
    enqueue("bare.note", key=key, payload={"refused": refused})
    audit("bare.promised", by=by, subject=OutboxMessage.objects.get(key=key))


promise(key="a", refused=False, operation="1", by=SYSTEM)
try:
    promise(key="a", refused=False, operation="1", by=SYSTEM)
except AlreadyDone:
    print("done before")
print(deliver_due())
assert_every_invariant_holds()
promise(key="b", refused=True, operation="2", by=SYSTEM)
print(deliver_due())
