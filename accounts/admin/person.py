"""One search box, one person: what exists where, what holds of it, and what was done last."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.admin.facts import link
from accounts.belongings import Belongings, belongings, check_person
from accounts.billing.entitlement import entitled_until, plan_of
from accounts.errors import UserNotFound
from accounts.leaving.holding import hold_on
from accounts.lookup import find_user
from accounts.models import (
    FINAL,
    Address,
    Contact,
    FailedRequest,
    Payment,
    Person,
    PlanChange,
    Profile,
    Subscription,
    User,
    Wedding,
)
from accounts.privacy import is_revealed, masked, reveal
from integrity.admin.finding_filters import identity
from integrity.admin.pages import PageAdmin, verb_links
from integrity.admin.saga_page import lines
from integrity.admin.verbs import ReasonForm, may, verb
from integrity.audit import Actor, subject_of
from integrity.models import AuditEntry, Finding, OutboxMessage, Saga

SUPPORT_ID = 16
FEW_CHANGES = 5
NOBODY = "There is no account and no trace of that."


class SearchForm(forms.Form):
    """Sent by POST, so that no address ends up in a log or in the browser's history."""

    q = forms.CharField(max_length=300, widget=UnfoldAdminTextInputWidget)


@admin.register(Person)
class PersonAdmin(PageAdmin):
    page = "accounts/admin/person.html"
    actions_detail = ["reveal"]
    has_reveal_person_permission = may("accounts.reveal_person")

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        try:
            return User.objects.get(uid=UUID(object_id))
        except (ValueError, User.DoesNotExist):
            return None

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self.refuse_strangers(request)
        form, failed = SearchForm(request.POST or None), None
        if form.is_valid():
            text = form.cleaned_data["q"].strip()
            if url := self._found(text):
                return HttpResponseRedirect(url)
            failed = FailedRequest.objects.filter(request_id=text).first()
            if failed is None:
                messages.warning(request, NOBODY)
        context = {"title": "People", "form": form, "failed": failed}
        return self.answer(request, "accounts/admin/people.html", context)

    def _found(self, text: str) -> str:
        try:
            return _page_of(find_user(text))
        except UserNotFound:
            return _traces(text)

    def show(self, request: HttpRequest, target: User, **more: Any) -> HttpResponse:
        # Its key in addresses is the public id.
        self.refuse_strangers(request, target)
        accounts: Any = self.admin_site.get_model_admin(User)
        verbs = [
            *verb_links(self, request, self.actions_detail, str(target.uid)),
            *verb_links(accounts, request, accounts.actions_detail, str(target.pk)),
        ]
        context = {"target": target, "verbs": verbs, **self.page_context(request, target)}
        return self.answer(request, self.page, context | more)

    def page_context(self, request: HttpRequest, target: User) -> dict[str, Any]:
        found = belongings(target)
        spots = check_person(found)
        revealed = self.has_reveal_person_permission(request) and is_revealed(
            user=target, to=identity(request)
        )
        return {
            "title": f"Person {target.uid}",
            "revealed": revealed,
            "broken": [each for each in spots if each.result == "broken"],
            "unknown": [each for each in spots if each.result == "unknown"],
            "spots": spots,
            "found": found,
            "facts": _facts(target, as_is=bool(revealed)),
            "findings": _findings(found),
            "sagas": lines(Saga.objects.filter(subject=str(target.uid)).order_by("-pk")[:20]),
            "entries": _entries(target),
            "failures": FailedRequest.objects.filter(user=target.uid).order_by("-at")[:20],
            "mails": list(OutboxMessage.objects.filter(payload__user=str(target.uid))[:20]),
        }

    @verb(
        permission="reveal_person",
        title="Reveal",
        explain="Shows you this person's data for ten minutes. That you looked, and why, is kept.",
        submit="Reveal",
    )
    def reveal(self, user: User, form: ReasonForm, by: Actor) -> str:
        reveal(user=user, by=by)
        return "You see it for ten minutes."


def pages_of(subjects: Collection[str]) -> dict[str, str]:
    """Of each subject of a saga that is somebody's public id, their page."""
    uids = [each for each in map(_uid, subjects) if each]
    found = User.objects.filter(uid__in=uids).values_list("uid", flat=True)
    return {str(uid): reverse("admin:accounts_person_change", args=[uid]) for uid in found}


def _uid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _page_of(user: User) -> str:
    return reverse("admin:accounts_person_change", args=[user.uid])


def _traces(text: str) -> str:
    """Where an account isn't found: by what a request did, or by what is left of an account."""
    failed = FailedRequest.objects.filter(request_id=text, user__isnull=False).first()
    if failed and failed.user and User.objects.filter(uid=failed.user).exists():
        return reverse("admin:accounts_person_change", args=[failed.user])
    if len(text) == SUPPORT_ID and AuditEntry.objects.filter(request_id=text).exists():
        return _page_of_request(text)
    left = Profile.objects.filter(email=text.lower()).values_list("pk", flat=True).first()
    if left is None:
        return ""
    found = Finding.objects.filter(subject=f"accounts.profile:{left}", resolved_at=None).first()
    return reverse("admin:integrity_finding_change", args=[found.pk]) if found else ""


def _page_of_request(request_id: str) -> str:
    entries = AuditEntry.objects.filter(request_id=request_id)
    label = f"{User._meta.label_lower}:"
    subject = entries.filter(subject__startswith=label).values_list("subject", flat=True).first()
    try:
        return _page_of(find_user(str(subject).removeprefix(label)))
    except UserNotFound:
        return f"{reverse('admin:integrity_auditentry_changelist')}?q={request_id}"


def _facts(user: User, *, as_is: bool) -> list[tuple[str, list[tuple[str, Any]]]]:
    """By table; blank where a row isn't there."""
    show = str if as_is else masked
    profile = Profile.objects.filter(pk=user.pk).first()
    wedding = Wedding.objects.filter(members__user=user).first()
    addresses = Address.objects.filter(user=user).order_by("-primary", "pk")
    contact = Contact.objects.filter(pk=user.pk).first()
    subscription = Subscription.objects.filter(user=user).order_by("-created_at").first()
    changes = PlanChange.objects.filter(user=user).order_by("-pk")[:FEW_CHANGES]
    invitations = _invitations(wedding, show) if wedding else []
    return [
        ("Account", _of_account(user, show)),
        ("Profile", _of_profile(profile, show) if profile else []),
        ("Addresses", [(show(each.email), _words(each)) for each in addresses]),
        ("Wedding", _of_wedding(wedding, show) if wedding else []),
        ("News by Resend", _of_contact(contact)),
        ("Plan", _of_plan(wedding, subscription)),
        ("Plan changes", [_of_change(each) for each in changes] or [("asked", "nothing")]),
        *([("Invitations", invitations)] if invitations else []),
    ]


def _of_account(user: User, show: Any) -> list[tuple[str, Any]]:
    return [
        ("e-mail", show(user.email)),
        ("kind", user.kind),
        ("may log in", user.is_active),
        ("to be deleted since", user.leaving_since),
        ("held", hold_on(user) is not None),
        ("joined", user.date_joined),
        ("last log-in", user.last_login),
    ]


def _of_profile(profile: Profile, show: Any) -> list[tuple[str, Any]]:
    return [
        ("e-mail", show(profile.email)),
        ("verified", profile.email_verified),
        ("names", f"{show(profile.name)} {show(profile.partner_name)}".strip()),
        ("steps done", profile.step),
        ("finished", profile.onboarded_at),
    ]


def _of_wedding(wedding: Wedding, show: Any) -> list[tuple[str, Any]]:
    return [
        ("id", wedding.uid),
        ("status", wedding.status),
        ("place", show(wedding.place)),
        ("members", wedding.members.count()),
        ("made", wedding.created_at),
    ]


def _of_contact(contact: Contact | None) -> list[tuple[str, Any]]:
    """As Resend has confirmed it last; its id there is no address."""
    if contact is None:
        return [("told", False)]
    return [
        ("id at Resend", contact.contact_id),
        ("told", bool(contact.told)),
        ("wants no news", contact.unsubscribed),
        ("muted by us", contact.muted_by_us),
    ]


def _of_plan(wedding: Wedding | None, newest: Subscription | None) -> list[tuple[str, Any]]:
    """What the wedding has; and what this person pays for, who may not be the one of the two."""
    plan = [("plan", plan_of(wedding) if wedding else None)]
    if newest is None:
        return [*plan, ("pays for it", False)]
    page = "accounts_subscription_change"
    return [
        *plan,
        ("subscription", link(newest.status, page=page, pk=newest.pk)),
        ("renews", newest.status not in FINAL and not newest.cancel_at_period_end),
        ("period ends", newest.period_end),
        ("premium until", entitled_until(newest)),
        ("payments", Payment.objects.filter(user=newest.user_id).count()),
    ]


def _of_change(change: PlanChange) -> tuple[str, Any]:
    became = f"{change.get_state_display()}, asked {change.created_at:%Y-%m-%d %H:%M:%S}"
    why = f": {change.get_reason_display()}" if change.reason else ""
    return change.kind, link(f"{became}{why}", page="accounts_planchange_change", pk=change.pk)


def _invitations(wedding: Wedding, show: Any) -> list[tuple[str, Any]]:
    """The newest; the address of one that has ended is nowhere any more."""
    newest = wedding.invitations.order_by("-pk")[:10]
    return [(f"{each.created_at:%Y-%m-%d}, {each.state}", show(each.email)) for each in newest]


def _words(address: Address) -> str:
    words = ["primary" if address.primary else "", "verified" if address.verified else "waits"]
    return ", ".join(filter(None, words))


def _findings(found: list[Belongings]) -> "QuerySet[Finding]":
    subjects = [subject for each in found for subject in each.subjects]
    return Finding.objects.filter(subject__in=subjects).order_by("-last_seen_at")[:20]


def _entries(user: User) -> "QuerySet[AuditEntry]":
    subjects = [subject_of(user)]
    subjects += [subject_of(each) for each in Wedding.objects.filter(members__user=user)]
    return AuditEntry.objects.filter(subject__in=subjects).order_by("-at")[:20]
