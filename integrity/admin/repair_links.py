"""The way from what is broken to what mends it."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from integrity.repair.declare import repairs_of


def repair_links(request: HttpRequest, invariant: str, **query: Any) -> list[dict[str, str]]:
    """To a plan, for who may make one; to the repair's page, for who may only look.

    Args:
        query: what the form of the plan is to hold already.
    """
    page = _page(request)
    if not page:
        return []
    held = f"?{urlencode(query)}" if query and page == "plan" else ""
    declared = repairs_of(invariant)
    return [
        {
            "name": each.name,
            "title": _title(each.name, page, alone=len(declared) == 1),
            "url": reverse(f"admin:integrity_repair_{page}", args=[each.name]) + held,
        }
        for each in declared
    ]


def _page(request: HttpRequest) -> str:
    if request.user.has_perm("integrity.plan_repair"):
        return "plan"
    return "change" if request.user.has_perm("integrity.view_repair") else ""


def _title(name: str, page: str, *, alone: bool) -> str:
    title = "Plan a repair" if page == "plan" else "The repair"
    return title if alone else f"{title}: {name}"
