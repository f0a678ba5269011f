"""The admin's look: our colours, its pages by area, and a badge that says where one is."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

# 600 carries white text, 500 is read on dark: both pass 4.5:1.
MULBERRY = {
    "50": "#fdf4f8",
    "100": "#f8e6ee",
    "200": "#f2ccdd",
    "300": "#eba6c4",
    "400": "#f08db4",
    "500": "#e36fa4",
    "600": "#8c1d4f",
    "700": "#701640",
    "800": "#5a1234",
    "900": "#4a1230",
    "950": "#2a0a19",
}
# As light and as dark as Unfold's greys, with the warmth of the site's own.
GREY = {
    "50": "oklch(98.2% .003 310)",
    "100": "oklch(96.4% .005 310)",
    "200": "oklch(92.4% .008 310)",
    "300": "oklch(86.8% .012 310)",
    "400": "oklch(71.2% .022 310)",
    "500": "oklch(54.6% .026 310)",
    "600": "oklch(44.2% .029 310)",
    "700": "oklch(37% .031 310)",
    "800": "oklch(27.6% .029 310)",
    "900": "oklch(20.8% .024 310)",
    "950": "oklch(13% .02 310)",
}
# Area: model, title, icon, what one finds there.
AREAS = {
    "Integrity": [
        ("integrity.overview", "Overview", "verified", "Does everything hold, and who watches."),
        ("integrity.finding", "Findings", "bug_report", "What is broken. Judge it."),
        ("integrity.invariant", "Invariants", "rule", "What must hold. Check it now."),
        ("integrity.run", "Runs", "history", "Each check, and what changed since the last."),
        ("integrity.repair", "Repairs", "build", "What mends what. Plan one."),
        ("integrity.repairplan", "Repair plans", "fact_check", "Look, approve, apply, undo."),
        ("integrity.saga", "Sagas", "route", "What goes over several systems, step by step."),
        ("integrity.incident", "Incidents", "notifications", "What alerts told, whom and when."),
    ],
    "People": [
        ("accounts.person", "Find a person", "person_search", "By e-mail, account or support id."),
        ("accounts.user", "Users", "person", "Who signs in. Add a couple, help one along."),
        ("accounts.export", "Copies of data", "folder_zip", "Who asked for one, and until when."),
        ("accounts.profile", "Profiles", "badge", "Names, and how far each couple came."),
        (
            "accounts.listing",
            "Readings",
            "compare",
            "When other systems' lists of people were read.",
        ),
        (
            "accounts.difference",
            "Otherwise elsewhere",
            "difference",
            "People whom another system has otherwise.",
        ),
    ],
    "Weddings": [
        ("accounts.wedding", "Weddings", "favorite", "Day, place, members, counts."),
        ("accounts.invitation", "Invitations", "forward_to_inbox", "Who asked whom to plan along."),
        ("onboarding.task", "Tasks", "checklist", "The lists of all couples. Tick for one."),
    ],
    "Payments": [
        ("accounts.subscription", "Subscriptions", "autorenew", "Who pays, and until when."),
        ("accounts.payment", "Payments", "payments", "Invoices that were paid, or failed."),
        ("accounts.event", "Stripe events", "webhook", "What Stripe said, and what it changed."),
        ("accounts.planchange", "Plan changes", "swap_horiz", "What couples asked Stripe for."),
        ("accounts.comparison", "Comparisons", "compare", "When Stripe's lists were read."),
        ("accounts.missedevent", "Missed events", "unsubscribe", "Events that never came here."),
        (
            "accounts.listedsubscription",
            "Otherwise at Stripe",
            "difference",
            "Subscriptions that differ there.",
        ),
        ("accounts.usagecounter", "Usage", "speed", "What each wedding uses of its plan."),
    ],
    "Operations": [
        ("integrity.outboxmessage", "Outbox", "outbox", "Mail and more that waits to be sent."),
        ("integrity.auditentry", "Audit log", "policy", "Who did what, and why."),
        ("integrity.flowoutcome", "Flows", "monitoring", "How writes ended, by the hour."),
        ("integrity.effectcount", "Deliveries", "mark_email_read", "What has left, by the day."),
    ],
    "Schedule": [
        ("django_celery_beat.periodictask", "Periodic tasks", "event_repeat", "What runs when."),
        ("django_celery_beat.intervalschedule", "Intervals", "timer", "Every so many seconds."),
        ("django_celery_beat.crontabschedule", "Crontabs", "calendar_clock", "At set times, UTC."),
    ],
    "Access": [
        ("auth.group", "Groups", "group", "Which operators may do what."),
        ("mfa.authenticator", "Second factors", "key", "Who has one, and since when."),
    ],
}


def environment(request: HttpRequest) -> tuple[str, str]:
    name = settings.ENVIRONMENT_NAME
    return name, "danger" if name == "production" else "info"


def _page(label: str, title: str, icon: str, about: str) -> dict[str, Any]:
    app, model = label.split(".")
    return {
        "title": title,
        "icon": icon,
        "about": about,
        "link": reverse_lazy(f"admin:{app}_{model}_changelist"),
        "permission": lambda request: request.user.has_perm(f"{app}.view_{model}"),
    }


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Everafter desk",
    "SITE_HEADER": "Everafter",
    "SITE_SUBHEADER": "Desk. All times are UTC",
    "SITE_ICON": lambda request: static("icons/mark.svg"),
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("icons/mark.svg"),
        }
    ],
    "STYLES": [lambda request: static("css/desk.css")],
    "COLORS": {"primary": MULBERRY, "base": GREY},
    "ENVIRONMENT": "config.unfold.environment",
    "DASHBOARD_CALLBACK": "config.desk.first_page",
    "ACCOUNT": {
        "navigation": [{"title": "Your account", "link": reverse_lazy("accounts_home")}],
    },
    "SIDEBAR": {
        "navigation": [
            {"title": area, "items": [_page(*page) for page in pages]}
            for area, pages in AREAS.items()
        ],
    },
}
