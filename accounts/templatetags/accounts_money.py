"""Amounts on pages."""

from django import template

from accounts.models import Payment
from accounts.prices import money

register = template.Library()


@register.filter
def paid_amount(payment: Payment) -> str:
    return money(payment.amount, payment.currency)
