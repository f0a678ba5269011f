"""A change of address that goes by the identity provider: how it begins, and our own steps of it."""

from dataclasses import replace

from django.test.utils import override_settings

from accounts.addresses.change import KIND, begin_change
from accounts.addresses.verification import confirm_email
from accounts.errors import LinkNoLongerValid
from accounts.models import Address
from integrity.drill.core import Scenario
from integrity.models import Saga
from integrity.saga.start import cancel
from integrity.transactions import transaction
from tests.drill.addresses import changing
from tests.drill.facts import BY, addresses_of, audits, judge, mails, profile_of, user_now
from tests.drill.identities import PROVIDER
from tests.drill.leaving import NO_VENDORS, a_step, advance, held, step_now


def confirm(context):
    with override_settings(**PROVIDER):
        return confirm_email(
            user=context.user, email=context.new_email, by=BY, operation=context.operation
        )


def kept(context, *, proven):
    return [(context.email, True, True), (context.new_email, False, proven)]


def begun(context):
    saga = Saga.objects.filter(kind=KIND, subject=str(context.user.uid)).first()
    return judge(
        saga=(int(saga is not None), 0, 1),
        steps=(saga.steps.count() if saga else 0, 0, 3),
        sealed=(saga.secrets.count() if saga else 0, 0, 1),
        addresses=(addresses_of(context), kept(context, proven=False), kept(context, proven=True)),
        audit=(audits(context.user), 0, 1),
    )


CONFIRM = Scenario(
    name="confirm_email, change, by the provider",
    flows=("accounts.confirm_email",),
    setup=changing,
    act=confirm,
    whole=begun,
    done_before=(LinkNoLongerValid,),
)


def under_way():
    """The provider has it; here it has no step."""
    context = changing()
    address = Address.objects.get(email=context.new_email)
    with override_settings(**NO_VENDORS), transaction():
        context.saga = begin_change(context.user, address, by=BY)
    held(context)
    advance(context)
    return context


def changed_here(context):
    old, new = context.email, context.new_email
    return judge(
        step=(step_now(context, "change_here"), ("pending", True), ("done", False)),
        user=(user_now(context).email, old, new),
        profile=(profile_of(context).email, old, new),
        addresses=(addresses_of(context), kept(context, proven=True), [(new, True, True)]),
        sealed=(Saga.objects.get(pk=context.saga.pk).secrets.count(), 1, 0),
        notice=(mails(f"email_changed:{context.user.uid}:"), 0, 1),
        audit=(audits(context.user), 0, 1),
    )


CHANGE_HERE = replace(
    a_step("change_here", setup=under_way, whole=changed_here), name="change_email, change_here"
)


def given_up():
    context = under_way()
    with transaction():
        cancel(context.saga, by=BY)
    # As if it had been refused: who calls it off gets no mail.
    Saga.objects.filter(pk=context.saga.pk).update(cancelled_at=None)
    held(context)
    advance(context)
    return context


def released(context):
    return judge(
        step=(step_now(context, "hold_address"), ("done", True), ("undone", False)),
        saga=(Saga.objects.get(pk=context.saga.pk).state, "compensating", "compensated"),
        addresses=(
            addresses_of(context),
            kept(context, proven=True),
            [(context.email, True, True)],
        ),
        notice=(mails(f"email_not_changed:{context.saga.uid}"), 0, 1),
    )


RELEASE = replace(
    a_step("hold_address", setup=given_up, whole=released),
    name="change_email, hold_address, undone",
)

SCENARIOS = [CONFIRM, CHANGE_HERE, RELEASE]
