"""Who signs in, and what their profile says."""

from datetime import datetime

from django import forms
from django.contrib import admin
from django.contrib.auth.hashers import make_password
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSingleDateWidget,
)

from accounts.addresses.verification import resend_verification
from accounts.admin.facts import SEARCH_HELP, AccountFacts, ReadOnlyInline, link
from accounts.emails import canonical_email
from accounts.errors import AccountError
from accounts.leaving.deletion import GRACE_DAYS, Wish, keep, leave
from accounts.leaving.holding import (
    STAYS_HELD,
    DayIsOver,
    end_of,
    hold_on,
    lift_hold,
    place_hold,
)
from accounts.models import Address, Kind, PlanChange, Profile, Subscription, User, Wedding
from accounts.second_factor import remove_second_factor
from accounts.signup import sign_up
from integrity.admin.verbs import ReasonForm, may, verb
from integrity.audit import Actor, subject_of

FEW = 100


class CoupleForm(ReasonForm):
    email = forms.CharField(widget=UnfoldAdminEmailInputWidget)
    field_order = ["email", "reason"]

    def clean_email(self) -> str:
        return canonical_email(self.cleaned_data["email"])


class EndForm(ReasonForm):
    whose = forms.ChoiceField(
        label="Their wedding plan",
        choices=[("alone", "stays with the partner, if there is one"), ("both", "ends for both")],
        widget=UnfoldAdminRadioSelectWidget,
        initial="alone",
    )
    when = forms.ChoiceField(
        label="When",
        choices=[
            ("later", f"in {GRACE_DAYS} days; until then they may keep it"),
            ("now", "now; it can't be taken back"),
        ],
        widget=UnfoldAdminRadioSelectWidget,
        initial="later",
    )
    field_order = ["whose", "when", "reason"]


class HoldForm(ReasonForm):
    until = forms.DateField(
        widget=UnfoldAdminSingleDateWidget,
        required=False,
        help_text="The last day, by UTC. Without one it lasts until it is lifted.",
    )
    field_order = ["until", "reason"]

    def clean_until(self) -> datetime | None:
        day = self.cleaned_data["until"]
        try:
            return end_of(day) if day else None
        except DayIsOver as error:
            raise forms.ValidationError(str(error)) from error


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
        *("leaving_since", "held"),
        *("wedding", "subscription", "plan_changes", "person_page", "audit_log"),
    ]
    inlines = [ProfileInline, AddressInline]
    actions_list = ["add_couple"]
    actions_detail = [
        *("resend_verification", "remove_second_factor", "end_account", "keep_account"),
        *("hold_account", "release_account"),
    ]
    has_add_couple_permission = may("accounts.add_couple")
    has_resend_verification_permission = may("accounts.resend_verification")
    has_remove_second_factor_permission = may("accounts.remove_second_factor")
    has_end_account_permission = may("accounts.end_account")
    has_hold_account_permission = may("accounts.hold_account")

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[UnfoldAction]:
        """Who is leaving can be kept, and who is held can be released; nobody else. Who is held can
        be held anew: longer, or for another reason."""
        user = self.get_object(request, str(object_id))
        others = ["end_account" if user and user.leaving_since else "keep_account"]
        if not (user and hold_on(user)):
            others.append("release_account")
        offered = super().get_actions_detail(request, object_id)  # type: ignore[misc]
        return [each for each in offered if not each.action_name.endswith(tuple(others))]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        """Also who waits for an address. Asked first and alone, so that both use their index."""
        found, repeats = super().get_search_results(request, queryset, search_term)
        waiting = Address.objects.filter(email__startswith=search_term.lower()).exclude(
            primary=True, verified=True
        )
        users = list(waiting.values_list("user", flat=True)[:FEW]) if search_term else []
        return (found | queryset.filter(pk__in=users) if users else found), repeats

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

    @display(description="subscription")
    def subscription(self, user: User) -> str | None:
        """The newest; their payments and events are linked from it."""
        newest = Subscription.objects.filter(user=user).order_by("-created_at").first()
        if newest is None:
            return None
        return link(newest.status, page="accounts_subscription_change", pk=newest.pk)

    @display(description="kept from being deleted")
    def held(self, user: User) -> str:
        hold = hold_on(user)
        if hold is None:
            return "no"
        until = f"until {hold.until:%Y-%m-%d %H:%M} UTC" if hold.until else "until it is lifted"
        return f"{until}: {hold.reason}"

    @display(description="plan changes")
    def plan_changes(self, user: User) -> str:
        count = PlanChange.objects.filter(user=user).count()
        return link(f"{count}", page="accounts_planchange_changelist", query=f"?q={user.uid}")

    @display(description="all of it")
    def person_page(self, user: User) -> str:
        return link("Person", page="accounts_person_change", pk=user.uid)

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

    @verb(
        permission="remove_second_factor",
        title="Remove the second factor",
        explain="For whoever lost it: removes the app and the recovery codes, and tells the"
        " mailbox. The password alone logs in until a new one is set up.",
        submit="Remove the second factor",
        refusals=(AccountError,),
    )
    def remove_second_factor(self, user: User, form: ReasonForm, by: Actor) -> str:
        remove_second_factor(user=user, by=by)
        return "The second factor is removed, and its owner gets a mail."

    @verb(
        permission="end_account",
        title="Delete the account",
        explain="Logs them out everywhere, stops what they pay and our news, and sends a link by"
        " which they keep the account. When the time is over, all of it is deleted, here and at"
        " every vendor; payments stay and name nobody.",
        submit="Delete the account",
        form=EndForm,
        refusals=(AccountError,),
    )
    def end_account(self, user: User, form: ReasonForm, by: Actor) -> str:
        answers = form.cleaned_data
        days = 0 if answers["when"] == "now" else GRACE_DAYS
        wish = Wish(ends_wedding=answers["whose"] == "both", days=days)
        deletion = leave(user=user, wish=wish, by=by, operation=str(answers["operation"]))
        kept = f" {STAYS_HELD}" if hold_on(user) else ""
        return f"The deletion {deletion.uid} has begun, and they get a mail.{kept}"

    @verb(
        permission="end_account",
        title="Keep the account",
        explain="Calls off its deletion, as long as it isn't past the point of no return, and takes"
        " back what was done so far. They get a mail.",
        submit="Keep the account",
        refusals=(AccountError,),
    )
    def keep_account(self, user: User, form: ReasonForm, by: Actor) -> str:
        keep(user=user, by=by)
        return "The account stays. What was stopped is set going again within a minute or two."

    @verb(
        permission="hold_account",
        title="Hold the account",
        explain="Keeps it from being deleted, for a court, an authority or an open dispute. A deletion"
        " that was asked for is taken back at its last look, and they are told that we have to keep"
        " the account for a legal reason; not which. A hold that is there already is replaced.",
        submit="Hold the account",
        form=HoldForm,
        refusals=(AccountError,),
    )
    def hold_account(self, user: User, form: ReasonForm, by: Actor) -> str:
        place_hold(user=user, until=form.cleaned_data["until"], by=by)
        return "The account is held. Nobody deletes it until that is over."

    @verb(
        permission="hold_account",
        title="Release the account",
        explain="Lifts the hold. Nothing is deleted by that; whoever wants to leave asks again.",
        submit="Release the account",
        refusals=(AccountError,),
    )
    def release_account(self, user: User, form: ReasonForm, by: Actor) -> str:
        lift_hold(user=user, by=by)
        return "The account is held no more."


@admin.register(Profile)
class ProfileAdmin(AccountFacts):
    list_display = ["email", "name", "partner_name", "email_verified", "step", "onboarded_at"]
    list_filter = ["step", "email_verified"]
    search_fields = ["user__uid", "email__startswith"]
    search_help_text = SEARCH_HELP
    ordering = ["-pk"]


admin.site.register(User, UserAdmin)
