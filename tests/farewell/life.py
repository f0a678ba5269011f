"""Everything by which a person can leave a trace: what they, their partner and operators do."""

from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from accounts.actors import acting
from accounts.addresses.requesting import request_email_change
from accounts.billing.inbox import receive_event
from accounts.billing.webhooks import read_event
from accounts.invitations import invite
from accounts.membership import join_wedding
from accounts.models import Profile, User
from accounts.views.webhooks import STRIPE
from integrity.models import Finding, OutboxMessage, PlannedChange
from integrity.repair.plan import plan_repair
from integrity.sweep import check
from onboarding.wizard import save_step_one
from tests import mailbox
from tests.accounts.billing.stripe_story import raw, story, whole_story
from tests.accounts.leaving.story import Known, at_stripe
from tests.accounts.pages import FORGOTTEN, log_in, press, sign_up
from tests.database import triggers_off
from tests.factories import PASSWORD, OnboardedCoupleFactory, OperatorFactory

# As typed, and as kept.
TYPED, EMAIL = "Adalheidis.Grimm@Example.com", "adalheidis.grimm@example.com"
NEXT_EMAIL, MISTYPED = "grimmhilde@example.com", "ADALHEIDIS.GRIMM@example.com"
NAME, PARTNERS_NAME = "Walpurga", "Ethelbert"


def begun() -> User:
    """Signs up, proves the address, and answers the first question; twice the password is wrong."""
    browser = Client()
    sign_up(browser, TYPED)
    sign_up(Client(), TYPED)
    press(browser, mailbox.promised()[0])
    for address in (TYPED, MISTYPED, EMAIL):
        log_in(Client(), address, "not the password")
    Client().post(FORGOTTEN, {"email": MISTYPED})
    browser.get("/start/1/")
    browser.post("/start/1/draft/", {"name": NAME, "partner_name": PARTNERS_NAME, "version": "0"})
    ada = User.objects.get(email=EMAIL)
    save_step_one(
        user=ada,
        name=NAME,
        partner_name=PARTNERS_NAME,
        date=None,
        date_undecided=True,
        place="Wolkenkuckucksheim",
        time_zone="UTC",
        version=Profile.objects.get(user=ada).version,
        by=acting(ada),
    )
    request_email_change(user=ada, email=NEXT_EMAIL, by=acting(ada))
    return ada


def with_others(ada: User) -> User:
    """Somebody joins who tells her name; others were asked, and somebody else has asked her."""
    partner = OnboardedCoupleFactory(
        email="partner@example.com", profile__name=PARTNERS_NAME, profile__partner_name=NAME
    )
    stranger = OnboardedCoupleFactory(email="stranger@example.com", profile__name="Somebody else")
    for host, guest in ((ada, "nobody@example.com"), (ada, partner.email), (stranger, EMAIL)):
        invite(user=host, email=guest, by=acting(host))
    letters = [mail for mail in mailbox.promised() if mail.to == partner.email]
    token = letters[-1].path.rstrip("/").rpartition("/")[2]
    join_wedding(user=partner, token=token, by=acting(partner), closes_work=True)
    return partner


def at_vendors(ada: User, vendors) -> Known:
    """Stripe tells of her by events; the others know her by what the relay delivers."""
    customer, subscription = at_stripe(vendors, ada)
    told = story(ada, customer=customer, subscription=subscription)
    for each in whole_story(told):
        each["data"]["object"].update(email=EMAIL, customer_email=EMAIL, customer_name=NAME)
        receive_event(raw=raw(each), event=read_event(raw(each)), by=STRIPE)
    return Known(ada, customer, subscription, contact="")


def looked_after(ada: User) -> None:
    """Operators find her, look, and mend what is broken of hers; one calls her by her address."""
    ann = OperatorFactory(email="ann@example.com")
    desk = Client()
    desk.force_login(ann)
    desk.post(reverse("admin:accounts_person_changelist"), {"q": TYPED})
    reason = {"reason": f"{TYPED} has rung up"}
    desk.post(reverse("admin:accounts_person_reveal", args=[ada.uid]), reason)
    desk.get(reverse("admin:accounts_person_change", args=[ada.uid]))
    LogEntry.objects.log_actions(
        ann.pk, [ada, ada.profile], CHANGE, change_message=[{"changed": {"fields": ["email"]}}]
    )
    with triggers_off("accounts_profile"):
        Profile.objects.filter(user=ada).update(email=f"x{EMAIL}", email_verified=False)
    by = acting(ann, via="admin", reason=f"asked by {EMAIL}")
    for _ in range(2):
        check(by=by)
    for repair in ("accounts.copy_emails", "accounts.copy_verified"):
        plan_repair(repair=repair, by=by)
    assert Finding.objects.filter(subject=f"accounts.profile:{ada.pk}").exists()
    assert PlannedChange.objects.exists()
    with triggers_off("accounts_profile"):
        Profile.objects.filter(user=ada).update(email=EMAIL, email_verified=True)


def some_mail_is_given_up(ada: User) -> None:
    theirs = OutboxMessage.objects.filter(payload__user=str(ada.uid)).order_by("pk")
    dead = list(theirs.values_list("pk", flat=True)[:2])
    assert dead
    OutboxMessage.objects.filter(pk__in=dead).update(
        state="dead", last_error="refused", dead_at=Now()
    )


def asks_to_be_deleted() -> None:
    browser = Client()
    log_in(browser, TYPED)
    browser.post("/account/delete/", {"password": "not the password", "when": "now"})
    answer = browser.post(
        "/account/delete/", {"password": PASSWORD, "when": "now", "whose": "alone"}
    )
    browser.get(answer.url)
    log_in(Client(), TYPED)
