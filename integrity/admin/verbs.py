"""Operators' verbs: a dialog that asks why, one call of the function that all sides call, a word.

A verb is a POST with a permission of its own. What a rule refuses is said in the dialog, and
nothing that was typed is lost. Without scripts, and in Django's own admin, the dialog is a page.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse

from integrity.admin.base import UNFOLD, VARIANT, ModelAdmin, ReasonInput
from integrity.audit import Actor
from integrity.flows import AlreadyDone, Busy
from integrity.transactions import CommitNotConfirmed


@dataclass(frozen=True)
class Led:
    """What to tell the operator, and the page on which to go on."""

    told: str
    url: str


# The object (None for a verb of the list, a queryset for one of a selection), the valid form and
# who asks. It returns what to tell the operator.
Verb = Callable[[Any, Any, Any, Actor], str | Led]
# Of the object: what the dialog says about it in place of what the verb says about each.
Words = Callable[[Any], Mapping[str, Any]]
Refusals = tuple[type[Exception], ...]
# A selection travels as one hidden field each, and Django takes a thousand fields.
LARGEST_SELECTION = 500
PAGE_IN_UNFOLD = "integrity/admin/verb_in_unfold.html"
NOTHING_CHANGED = "Others were changing the same rows. Nothing was changed; try again."
DONE_BEFORE = "This was done before; nothing was done twice."
IN_DOUBT = "Nobody could confirm that it was saved. It is whole or absent: look before you repeat."


class ReasonForm(forms.Form):
    """Each verb asks why; the answer goes into the audit log. `target` is what it is about.

    `operation` is the same for each sending of one form: give it to the flow, where it takes one.
    `prefilled` names the fields that a link may fill.
    """

    prefilled: tuple[str, ...] = ()
    operation = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    reason = forms.CharField(
        max_length=500, widget=ReasonInput, help_text="Goes into the audit log."
    )

    def __init__(self, *args: Any, target: Any = None, **kwargs: Any) -> None:
        self.target = target
        super().__init__(*args, **kwargs)

    def render_before_template(self) -> str:
        """Asked for by Unfold's dialog, which leaves these errors out."""
        return render_to_string("integrity/admin/dialog_errors.html", {"form": self})


def may(permission: str) -> Callable[..., bool]:
    """The method by which the admin asks whether somebody may use a verb."""

    def allowed(admin: ModelAdmin, request: HttpRequest, obj: object = None) -> bool:
        return bool(request.user.has_perm(permission))

    return allowed


def operator(request: HttpRequest, form: ReasonForm) -> Actor:
    identity = getattr(request.user, "uid", request.user.pk)
    return Actor("operator", str(identity), form.cleaned_data["reason"], via="admin")


def verb(
    *,
    permission: str,
    title: str,
    explain: str,
    submit: str,
    form: type[ReasonForm] = ReasonForm,
    refusals: Refusals = (),
    of_one: bool = True,
    words: Words = lambda target: {},
) -> Callable[[Verb], Any]:
    """Make a method a verb, to be named in `actions_detail`, or in `actions_list`.

    Args:
        permission: the name in the admin class's `has_<permission>_permission`.
        explain: what will happen, as the dialog says it.
        refusals: the exceptions that say what the operator has to change.
        of_one: whether it is about one object's page or about the list.
        words: `description`, `submit` and `panel` (HTML above the questions) for the object.
    """

    def decorate(method: Verb) -> Any:
        @wraps(method)
        def act(admin: ModelAdmin, request: HttpRequest, object_id: str = "") -> HttpResponse:
            _refuse_strangers(admin, request, permission)
            target = _object_or_404(admin, request, object_id) if of_one else None
            filled = form(request.POST or None, target=target, initial=_given(request, form))
            if filled.is_valid():
                by = operator(request, filled)
                told = _told(filled, refusals, lambda: method(admin, target, filled, by))
                if told is not None:
                    return _go_on(request, told, _origin(admin, object_id))
            said = {**dialog, **words(target)}
            return _ask(request, admin, filled, said, object_id=object_id)

        dialog = {"title": title, "description": explain, "submit": submit}
        return _announce(act, title, permission, dialog)

    return decorate


def verb_of_selection(
    *,
    permission: str,
    title: str,
    explain: str,
    submit: str,
    form: type[ReasonForm] = ReasonForm,
    refusals: Refusals = (),
) -> Callable[[Verb], Any]:
    """Make a method a verb for the rows that are ticked in the list, to be named in `actions`.

    "All" is what there was when the question was asked; what comes later isn't touched.
    """

    def decorate(method: Verb) -> Any:
        @wraps(method)
        def act(
            admin: ModelAdmin, request: HttpRequest, chosen: QuerySet[Any]
        ) -> HttpResponse | None:
            _refuse_strangers(admin, request, permission)
            keys = list(chosen.order_by("pk").values_list("pk", flat=True)[: LARGEST_SELECTION + 1])
            if not keys:
                messages.warning(request, "Nothing was selected.")
                return None
            if len(keys) > LARGEST_SELECTION:
                messages.error(request, f"That is more than {LARGEST_SELECTION} at once.")
                return None
            filled = form(request.POST if "operation" in request.POST else None, target=chosen)
            if filled.is_valid():
                by = operator(request, filled)
                told = _told(filled, refusals, lambda: method(admin, chosen, filled, by))
                if isinstance(told, Led):
                    return _go_on(request, told, told.url)
                if told is not None:
                    messages.success(request, told)
                    return None
            hidden = [("action", method.__name__), *((ACTION_CHECKBOX_NAME, key) for key in keys)]
            return _ask(request, admin, filled, dialog, hidden=hidden)

        dialog = {"title": title, "description": explain, "submit": submit}
        return _announce(act, title, permission, {})

    return decorate


def _announce(act: Any, title: str, permission: str, dialog: dict[str, str]) -> Any:
    """The attributes by which Django's admin and Unfold know an action."""
    act.short_description, act.allowed_permissions = title, [permission]
    act.attrs, act.dialog, act.variant = {}, dialog or None, VARIANT
    return act


def _refuse_strangers(admin: ModelAdmin, request: HttpRequest, permission: str) -> None:
    if not getattr(admin, f"has_{permission}_permission")(request):
        raise PermissionDenied


def _object_or_404(admin: ModelAdmin, request: HttpRequest, object_id: str) -> Any:
    target = admin.get_object(request, unquote(object_id))
    if target is None:
        raise Http404
    return target


def _given(request: HttpRequest, form: type[ReasonForm]) -> dict[str, str]:
    return {name: request.GET[name] for name in form.prefilled if name in request.GET}


def _told(form: ReasonForm, refusals: Refusals, call: Callable[[], str | Led]) -> str | Led | None:
    """What to tell the operator, or None when the form now says why not."""
    try:
        return call()
    except Busy:
        problem: Any = NOTHING_CHANGED
    except AlreadyDone:
        problem = DONE_BEFORE
    except CommitNotConfirmed:
        problem = IN_DOUBT
    except ValidationError as error:
        problem = error.messages
    except refusals as error:
        problem = str(error)
    form.add_error(None, problem)
    return None


def _ask(
    request: HttpRequest,
    admin: ModelAdmin,
    form: ReasonForm,
    dialog: dict[str, Any],
    *,
    object_id: str = "",
    hidden: Sequence[tuple[str, Any]] = (),
) -> HttpResponse:
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": dialog["title"],
        "dialog": dialog,
        "form": form,
        "form_submit_text": dialog["submit"],
        "hidden": hidden,
        "selected": len(hidden) - 1,
        "cancel": _origin(admin, object_id),
        "media": admin.media + form.media,
    }
    return TemplateResponse(request, _template(request), context)


def _template(request: HttpRequest) -> str:
    if not UNFOLD:
        return "integrity/admin/verb.html"
    return "unfold/helpers/dialog.html" if _by_script(request) else PAGE_IN_UNFOLD


def _go_on(request: HttpRequest, told: str | Led, url: str) -> HttpResponse:
    told, url = (told.told, told.url) if isinstance(told, Led) else (told, url)
    messages.success(request, told)
    if _by_script(request):
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def _by_script(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _origin(admin: ModelAdmin, object_id: str) -> str:
    """The page that the verb was chosen on."""
    page = f"{admin.admin_site.name}:{admin.opts.app_label}_{admin.opts.model_name}"
    if object_id:
        return reverse(f"{page}_change", args=[object_id])
    return reverse(f"{page}_changelist")
