"""The forms of the account pages. An address leaves its field in the canonical spelling."""

from contextlib import suppress
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

from allauth.account.adapter import get_adapter
from allauth.account.fields import PasswordField, SetPasswordField
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from accounts.actors import VISITOR
from accounts.emails import MAX_LENGTH, canonical_email
from accounts.errors import MailedAMomentAgo
from accounts.leaving.deletion import GRACE_DAYS, Wish
from accounts.models import User
from accounts.passwords import request_password_reset
from accounts.signup import sign_up

LATER, NOW = "later", "now"
ALONE, BOTH = "alone", "both"
PASSWORD_HINT = "At least 10 characters. A few words in a row are easy to remember."


class AddressField(forms.CharField):
    """Not Django's EmailField, and before any lower(): that makes a k of the Kelvin sign."""

    def __init__(self, *, label: str = "E-mail address", autocomplete: str = "email") -> None:
        super().__init__(
            label=label,
            max_length=MAX_LENGTH,
            widget=forms.EmailInput(attrs={"autocomplete": autocomplete}),
        )

    def clean(self, value: Any) -> str:
        return canonical_email(super().clean(value))


class OperationField(forms.CharField):
    """The id of this submission: a double click carries it twice. What isn't one claims nothing."""

    def __init__(self) -> None:
        super().__init__(required=False, widget=forms.HiddenInput, initial=uuid4)

    def clean(self, value: Any) -> str:
        try:
            return str(UUID(str(value)))
        except ValueError:
            return ""


class SignupForm(AllauthSignupForm):
    email = AddressField()
    operation = OperationField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "E-mail address"
        self.fields["password1"].help_text = PASSWORD_HINT
        self.fields["password1"].widget.attrs.pop("placeholder", None)

    def validate_unique_email(self, value: str) -> str:
        """Never looked up here: the INSERT decides, and a visitor is not told."""
        return value

    @cached_property
    def password_hash(self) -> str:
        return make_password(self.cleaned_data["password1"])

    def save(self, request: HttpRequest) -> User:
        return sign_up(
            email=self.cleaned_data["email"],
            password_hash=self.password_hash,
            by=VISITOR,
            operation=self.cleaned_data["operation"],
        )


class LoginForm(AllauthLoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = AddressField(autocomplete="username")
        self.fields["password"].widget.attrs.pop("placeholder", None)
        self.order_fields(["login", "password"])


class ConfirmForm(forms.Form):
    operation = OperationField()


class NewsForm(forms.Form):
    """One button: what it is pressed for is what isn't so now."""

    wanted = forms.TypedChoiceField(
        choices=[("yes", "yes"), ("no", "no")],
        coerce=lambda answer: answer == "yes",
        widget=forms.HiddenInput,
    )
    operation = OperationField()


class InviteForm(forms.Form):
    email = AddressField(label="Your partner's e-mail address", autocomplete="off")
    operation = OperationField()


class GivingUpForm(forms.Form):
    """The tick is asked for where there is something to give up, and looked at there alone."""

    closes_work = forms.BooleanField(
        label="Close my wedding, with all that is in it", required=False
    )
    operation = OperationField()


class AddressForm(forms.Form):
    """Another address before the first one was proven."""

    email = AddressField(label="Your e-mail address")
    operation = OperationField()


class PasswordAgainForm(forms.Form):
    """Asks who it is: an open browser isn't proof."""

    password = PasswordField(label="Your password", autocomplete="current-password")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["password"].widget.attrs.pop("placeholder", None)

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not get_adapter().reauthenticate(self.user, password):
            raise get_adapter().validation_error("incorrect_password")
        return password


class EmailChangeForm(PasswordAgainForm):
    """Another address for a proven account."""

    email = AddressField(label="New e-mail address")
    operation = OperationField()
    field_order = ["email", "password", "operation"]

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email == self.user.email:
            raise forms.ValidationError("This is your address already.", code="same_email")
        return email


class PasswordResetForm(forms.Form):
    email = AddressField()

    def save(self, request: HttpRequest) -> None:
        with suppress(MailedAMomentAgo):
            request_password_reset(email=self.cleaned_data["email"], by=VISITOR)


class NewPasswordForm(forms.Form):
    """One field and no repetition: the page can show it, and a forgotten one can be reset."""

    password1 = SetPasswordField(label="New password", help_text=PASSWORD_HINT)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        field = self.fields["password1"]
        field.user = user  # type: ignore[attr-defined]
        field.widget.attrs.pop("placeholder", None)

    @cached_property
    def password_hash(self) -> str:
        return make_password(self.cleaned_data["password1"])


class PasswordChangeForm(NewPasswordForm):
    oldpassword = PasswordField(label="Present password", autocomplete="current-password")
    field_order = ["oldpassword", "password1"]

    def clean_oldpassword(self) -> str:
        password: str = self.cleaned_data["oldpassword"]
        if not self.user.check_password(password):
            raise get_adapter().validation_error("enter_current_password")
        return password


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


class ExportForm(PasswordAgainForm):
    """It is all of their data."""

    operation = OperationField()
