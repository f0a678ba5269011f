"""`python -m tests.courier.promise KEY`: a transaction that promises a parcel, doorbell and all."""

import sys

import django

django.setup()

from integrity.outbox import enqueue  # noqa: E402
from integrity.transactions import transaction  # noqa: E402

with transaction():
    enqueue("courier.parcel", key=sys.argv[1])
