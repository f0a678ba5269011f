"""Who signs in, and what their profile says."""

from django import forms
from django.contrib import admin
from django.contrib.auth.hashers import make_password
from unfold.decorators import display
from unfold.widgets import UnfoldAdminEmailInputWidget

from accounts.admin.facts import SEARCH_HELP, AccountFacts, ReadOnlyInline, link
from accounts.emails import canonical_email
from accounts.errors import AccountError
from accounts.models import Address, Kind, Profile, User, Wedding
from accounts.signup import sign_up
from accounts.verification import resend_verification
from integrity.admin.verbs import ReasonForm, may, verb
from integrity.audit import Actor, subject_of


class CoupleForm(ReasonForm):
    email = forms.CharField(widget=UnfoldAdminEmailInputWidget)
    field_order = ["email", "reason"]

    def clean_email(self) -> str:
        return canonical_email(self.cleaned_data["email"])


class AddressInline(ReadOnlyInline):
    model = Address
    verbose_name_plural = "addresses"
    fields = ["email", "primary", "verified"]


class ProfileInline(ReadOnlyInline):
    model = Profile
    verbose_name_plural = "profile"
    fields = ["name", "partner_name", "email_verified", "step", "onboarded_at"]


class UserAdmin(AccountFacts):
    list_display = ["email", "kind", "is_verified", "steps_done", "date_joined", "is_active"]
    list_filter = ["kind", "profile__email_verified", "profile__step", "is_active"]
    list_select_related = ["profile"]
    search_fields = ["email__startswith", "uid"]
    search_help_text = SEARCH_HELP
    ordering = ["-pk"]
    fields = [
        *("email", "uid", "kind", "date_joined", "last_login", "is_active", "is_staff"),
        *("wedding", "audit_log"),
    ]
    inlines = [ProfileInline, AddressInline]
    actions_list = ["add_couple"]
    actions_detail = ["resend_verification"]
    has_add_couple_permission = may("accounts.add_couple")
    has_resend_verification_permission = may("accounts.resend_verification")

    @display(description="verified", boolean=True, ordering="profile__email_verified")
    def is_verified(self, user: User) -> bool:
        return user.profile.email_verified

    @display(description="steps done", ordering="profile__step")
    def steps_done(self, user: User) -> int | None:
        return user.profile.step if user.kind == Kind.COUPLE else None

    @display(description="wedding")
    def wedding(self, user: User) -> str | None:
        wedding = Wedding.objects.filter(members__user=user).first()
        if wedding is None:
            return None
        return link(f"{wedding}", page="accounts_wedding_change", pk=wedding.pk)

    @display(description="audit log")
    def audit_log(self, user: User) -> str:
        about = f"?subject={subject_of(user)}"
        return link("What operators did", page="integrity_auditentry_changelist", query=about)

    @verb(
        permission="add_couple",
        title="Add a couple",
        explain="Makes the account with its wedding and sends one mail. Its link proves the"
        " address and leads to a password.",
        submit="Add the couple",
        form=CoupleForm,
        refusals=(AccountError,),
        of_one=False,
    )
    def add_couple(self, nobody: None, form: ReasonForm, by: Actor) -> str:
        email = form.cleaned_data["email"]
        operation = str(form.cleaned_data["operation"])
        user = sign_up(email=email, password_hash=make_password(None), by=by, operation=operation)
        return f"The account {user.uid} is made, and its mail is on the way."

    @verb(
        permission="resend_verification",
        title="Resend the verification",
        explain="Sends the link once more to the address that waits to be proven.",
        submit="Send the mail",
        refusals=(AccountError,),
    )
    def resend_verification(self, user: User, form: ReasonForm, by: Actor) -> str:
        resend_verification(user=user, by=by)
        return "The mail is on the way."


@admin.register(Profile)
class ProfileAdmin(AccountFacts):
    list_display = ["email", "name", "partner_name", "email_verified", "step", "onboarded_at"]
    list_filter = ["step", "email_verified"]
    search_fields = ["user__uid", "email__startswith"]
    search_help_text = SEARCH_HELP
    ordering = ["-pk"]


admin.site.register(User, UserAdmin)
