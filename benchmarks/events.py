"""Stripe's events through the endpoint, signed, against the same rows in plain SQL."""

import json
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.db import connection, transaction
from django.test import Client

from accounts.models import Customer, Event, Payment, User
from accounts.simulators.webhooks import signed
from benchmarks import couples
from benchmarks.measure import Cell, Size, compare

COUNT = 200
# Of so many deliveries one is a repetition.
REPEATED = 5
AT = 1_767_264_000
SECRET = "whsec_of_the_benchmark"
Raw = tuple[str, bytes]
waiting: list[Raw] = []


def run(size: Size) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
    settings.SECURE_SSL_REDIRECT = False
    cells = [
        Cell("plain SQL: the event, its payment, the link", _plain, COUNT, _prepare),
        Cell("POST /webhooks/stripe/, all of them new", _post, COUNT, _prepare),
        Cell(
            f"POST /webhooks/stripe/, {100 // REPEATED} % repeated",
            _post_with_repetitions,
            COUNT,
            _prepare,
        ),
    ]
    compare("Stripe events", cells, rounds=size.rounds)


def _prepare() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE accounts_event, accounts_payment CASCADE")
    couples.clear()
    user = couples.insert()
    Customer.objects.create(stripe_id="cus_bench", user_id=user)
    uid = str(User.objects.values_list("uid", flat=True).get())
    waiting[:] = [_invoice(uid) for _ in range(COUNT)]


def _invoice(uid: str) -> Raw:
    name = uuid.uuid4().hex
    details = {"subscription": "sub_bench", "metadata": {"user_id": uid}}
    thing = {
        "id": f"in_{name}",
        "object": "invoice",
        "customer": "cus_bench",
        "amount_paid": 1900,
        "amount_due": 1900,
        "attempt_count": 1,
        "currency": "eur",
        "parent": {"subscription_details": details},
        "lines": {"data": [{"period": {"end": AT}}]},
    }
    told = {
        "id": f"evt_{name}",
        "type": "invoice.paid",
        "created": AT,
        "api_version": settings.STRIPE_WEBHOOK_API_VERSION,
        "livemode": settings.STRIPE_LIVEMODE,
        "data": {"object": thing},
    }
    return name, json.dumps(told, indent=2).encode()


def _plain() -> None:
    user = User.objects.values_list("pk", flat=True).get()
    with connection.cursor() as cursor:
        for name, raw in waiting:
            with transaction.atomic():
                cursor.execute(_EVENT, [f"evt_{name}", settings.STRIPE_LIVEMODE, raw])
                cursor.execute(_PAYMENT, [f"in_{name}", user])
                cursor.execute(_CHANGE, [f"evt_{name}", f"accounts.payment:in_{name}"])
    _expect(COUNT)


def _post() -> None:
    _deliver(lambda number: number)
    _expect(COUNT)


def _post_with_repetitions() -> None:
    """Each fifth one is the one before it once more."""
    _deliver(lambda number: number - 1 if number % REPEATED == REPEATED - 1 else number)
    _expect(COUNT - COUNT // REPEATED)


def _deliver(which: Callable[[int], int]) -> None:
    client = Client(headers={"host": "localhost"})
    for number in range(COUNT):
        told = json.loads(waiting[which(number)][1])
        body, headers = signed(told, secret=SECRET, at=time.time())
        answer = client.post(
            "/webhooks/stripe/",
            body,
            content_type="application/json",
            headers={"Stripe-Signature": headers["Stripe-Signature"]},
        )
        assert answer.status_code == 200, answer.content


def _expect(count: int) -> None:
    assert Event.objects.filter(state="applied").count() == count
    assert Payment.objects.filter(state="paid").count() == count


_EVENT = """
INSERT INTO accounts_event (stripe_id, type, happened_at, livemode, customer_id, state, sealed)
VALUES (%s, 'invoice.paid', now(), %s, 'cus_bench', 'applied', %s) ON CONFLICT DO NOTHING
"""
_PAYMENT = """
INSERT INTO accounts_payment
    (stripe_id, user_id, subscription_id, state, amount, currency, period_end, attempts,
     event_created_at)
VALUES (%s, %s, 'sub_bench', 'paid', 1900, 'eur', now(), 1, now())
"""
_CHANGE = """
INSERT INTO accounts_eventchange (event_id, subject, fields) VALUES (%s, %s, '{amount,state}')
"""
