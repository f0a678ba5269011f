"""Amounts on pages."""

from django import template

from accounts.billing.prices import money
from accounts.models import Payment

register = template.Library()


@register.filter
def paid_amount(payment: Payment) -> str:
    return money(payment.amount, payment.currency)
