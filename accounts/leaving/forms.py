"""The form of whoever leaves. Asks for the password again: an open browser isn't proof."""

from typing import Any

from django import forms

from accounts.forms import OperationField, PasswordAgainForm
from accounts.leaving.deletion import GRACE_DAYS, Wish
from accounts.models import User

LATER, NOW = "later", "now"
ALONE, BOTH = "alone", "both"


class LeavingForm(PasswordAgainForm):
    whose = forms.ChoiceField(
        label="Your wedding plan",
        choices=[
            (ALONE, "I leave alone: the plan stays with my partner."),
            (BOTH, "End it for both: my partner keeps an account, with an empty plan."),
        ],
        widget=forms.RadioSelect,
        initial=ALONE,
    )
    when = forms.ChoiceField(
        label="When",
        choices=[
            (LATER, f"In {GRACE_DAYS} days. Until then I can keep my account after all."),
            (NOW, "Now. It can't be taken back."),
        ],
        widget=forms.RadioSelect,
        initial=LATER,
    )
    operation = OperationField()
    field_order = ["whose", "when", "password"]

    def __init__(self, *args: Any, user: User, has_partner: bool, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        if not has_partner:
            del self.fields["whose"]

    @property
    def wish(self) -> Wish:
        return Wish(
            ends_wedding=self.cleaned_data.get("whose") == BOTH,
            days=0 if self.cleaned_data["when"] == NOW else GRACE_DAYS,
        )
