"""The same writes from the browser: what the visitor is shown has to be true as well."""

from dataclasses import replace
from itertools import count

from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse

from accounts.addresses.links import EmailConfirmationHMAC
from accounts.models import Address
from tests.accounts.billing.stripe_story import SECRET, raw, signed
from tests.drill.accounts import SIGN_UP, VERIFY
from tests.drill.billing import RECEIVE
from tests.drill.checklist import COMPLETE_TASK
from tests.drill.wizard import OTHER_INTERESTS, STEP_TWO
from tests.factories import PASSWORD

_visitors = count(1)


class Refused(Exception):
    """A page that says that it didn't work, or that nobody knows."""


def visited(scenario, *, submit, success=302):
    """The scenario's data and its verdict; the call is a request."""

    def setup():
        context = scenario.setup()
        # Each from a house of their own: they share no rate limit.
        number = next(_visitors)
        address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        context.client = Client(raise_request_exception=False, REMOTE_ADDR=address)
        context.audits = 0
        if hasattr(context, "user"):
            context.client.force_login(context.user)
        return context

    def act(context):
        let_locks_expire()
        response = submit(context)
        if response.status_code != success:
            raise Refused(response.status_code)

    return replace(
        scenario,
        name=f"{scenario.name}, from its page",
        flows=(),
        setup=setup,
        act=act,
        refusals=(Refused,),
    )


def let_locks_expire():
    """Who dies while counting for a rate limit leaves a lock that is in the way for seconds."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM everafter_cache WHERE cache_key LIKE '%:lock'")


def submit_sign_up(context):
    return context.client.post(
        reverse("account_signup"),
        {"email": context.email, "password1": PASSWORD, "operation": context.operation},
    )


def press_the_link(context):
    address = Address.objects.get(user=context.user, email=context.email)
    page = reverse("account_confirm_email", args=[EmailConfirmationHMAC(address).key])
    return context.client.post(page, {"operation": context.operation})


def submit_step_two(context):
    answers = {
        "categories": OTHER_INTERESTS,
        "version": context.version,
        "operation": context.operation,
    }
    return context.client.post(reverse("onboarding_step", args=[2]), answers)


def tick(context):
    return context.client.post(reverse("onboarding_task_done", args=[context.tasks[0].uid]))


def deliver(context):
    """Stripe takes anything but a 200 for a reason to come again."""
    body = raw(context.event)
    with override_settings(STRIPE_WEBHOOK_SECRETS=[SECRET]):
        return context.client.post(
            reverse("accounts_stripe_webhook"),
            body,
            content_type="application/json",
            headers={"Stripe-Signature": signed(body)},
        )


SCENARIOS = [
    visited(SIGN_UP, submit=submit_sign_up),
    visited(VERIFY, submit=press_the_link),
    visited(STEP_TWO, submit=submit_step_two),
    visited(COMPLETE_TASK, submit=tick),
    visited(RECEIVE, submit=deliver, success=200),
]
