"""The vendors of the demo: what they hold, and how they are made to fail."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.simulators.faults import KINDS
from demo import faults, leavers, vendors

METHODS = ["", "GET", "POST", "PUT", "PATCH", "DELETE"]
VERBS = [
    ("renew", "its period ends, and is paid"),
    ("fail_renewal", "its period ends, and the card is declined"),
    ("recover", "a later attempt is paid"),
    ("end", "it ends at once"),
]
ORDERS: dict[str, dict[str, Any]] = {
    "as they happen": {"late": 0.0, "copies": 1, "reverse": False, "held": False},
    "twice": {"copies": 2},
    "in reverse": {"reverse": True},
    "half a minute late": {"late": 30.0},
    "not at all": {"held": True},
}


class FaultForm(forms.Form):
    kind = forms.ChoiceField(
        label="What goes wrong",
        choices=[(kind, text) for kind, text in KINDS.items() if kind != "changed"],
    )
    method = forms.ChoiceField(
        label="Of which calls", choices=[(one, one or "all") for one in METHODS], required=False
    )
    path = forms.CharField(label="Only where the path has", max_length=100, required=False)
    status = forms.IntegerField(
        label="Status of the error", initial=500, min_value=400, max_value=599
    )
    times = forms.IntegerField(label="How many calls", initial=1, min_value=1, max_value=1000)


class OrderForm(forms.Form):
    order = forms.ChoiceField(
        label="Send them from now on", choices=[(order, order) for order in ORDERS]
    )


@require_safe
def vendor_list(request: HttpRequest) -> HttpResponse:
    if not vendors.are_there():
        return render(request, "demo/vendors_absent.html")

    def seen() -> dict[str, Any]:
        looked = [vendors.look(name) for name in vendors.TITLES]
        provider = next(each for each in looked if each.name == vendors.IDENTITIES)
        return {"vendors": looked, "provider": provider, **_leaving()}

    return _shown(request, seen)


def _leaving() -> dict[str, Any]:
    return {"is_demo": faults.is_demo(), "leaving": leavers.under_way()}


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Three couples at once, as if each had asked for it on the account's page."""
    if not faults.is_demo():
        raise Http404("Only made-up couples are asked to leave.")
    count = leavers.let_three_leave()
    if count:
        messages.success(request, f"{count} couples have asked to be deleted now.")
    else:
        messages.error(request, "There is nobody left to leave. `make demo FRESH=1` starts over.")
    return redirect("demo_vendors")


@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """The identity provider, off and on. It stays as it is until it is switched back."""
    name, off = vendors.IDENTITIES, request.POST.get("to") == "off"
    place, values = ("faults", vendors.OUTAGE) if off else ("clear", {})
    try:
        refusal = vendors.control(name, place, values)
    except vendors.NotThere as error:
        refusal = _words(error)
    if refusal:
        messages.error(request, refusal)
    else:
        messages.success(request, "It is switched off." if off else "It is switched on again.")
    return redirect("demo_vendors")


@require_safe
def vendor_detail(request: HttpRequest, name: str) -> HttpResponse:
    _refuse_unknown(name)
    forms_ = {"form": FaultForm(), "order_form": OrderForm()}

    def seen() -> dict[str, Any]:
        return {"vendor": vendors.look(name), "verbs": VERBS, **forms_}

    return _shown(request, seen, template="demo/vendor.html")


@require_POST
def vendor_control(request: HttpRequest, name: str, verb: str) -> HttpResponse:
    _refuse_unknown(name)
    if verb not in ASKED:
        raise Http404("There is no such control.")
    place, values = ASKED[verb](request.POST)
    try:
        refusal = vendors.control(name, place, values) if place else "Please check what you chose."
    except vendors.NotThere as error:
        refusal = _words(error)
    if refusal:
        messages.error(request, refusal)
    else:
        messages.success(request, "Done.")
    return redirect("demo_vendor", name)


Asked = tuple[str, dict[str, Any]]


def _fault(given: Mapping[str, str]) -> Asked:
    form = FaultForm(given)
    return ("faults", form.cleaned_data) if form.is_valid() else ("", {})


def _do(given: Mapping[str, str]) -> Asked:
    return "do", {"verb": given.get("verb", ""), "id": given.get("id", "")}


def _webhooks(given: Mapping[str, str]) -> Asked:
    form = OrderForm(given)
    if not form.is_valid():
        return "", {}
    return "webhooks", {**ORDERS["as they happen"], **ORDERS[form.cleaned_data["order"]]}


ASKED: dict[str, Callable[[Mapping[str, str]], Asked]] = {
    "fault": _fault,
    "clear": lambda given: ("clear", {}),
    "do": _do,
    "webhooks": _webhooks,
    "send": lambda given: ("webhooks", {"now": True}),
}


def _refuse_unknown(name: str) -> None:
    if not vendors.are_there() or name not in vendors.TITLES:
        raise Http404("There is no such vendor here.")


def _shown(
    request: HttpRequest, see: Callable[[], dict[str, Any]], template: str = "demo/vendors.html"
) -> HttpResponse:
    try:
        return render(request, template, see())
    except vendors.NotThere as error:
        return render(request, "demo/vendors_absent.html", {"problem": _words(error)}, status=503)


def _words(error: vendors.NotThere) -> str:
    return " ".join((error.__doc__ or "").split())
