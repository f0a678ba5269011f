"""The admin, put together: one way in, and the libraries' own pages in the site's look."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.http import HttpRequest
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from config.groups import GroupForm

# Addresses are shown with their account, and changed by its verbs only.
HIDDEN = (EmailAddress, EmailConfirmation)
RESTYLED = (
    Authenticator,
    ClockedSchedule,
    CrontabSchedule,
    Group,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)


def compose() -> None:
    """Call once, when every app has registered its pages."""
    # The log-in limits and the second factor hold for operators, too.
    admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
    admin.site.index_title = "Desk"
    for model in HIDDEN:
        if admin.site.is_registered(model):
            admin.site.unregister(model)
    for model in RESTYLED:
        _restyle(model)


def _restyle(model: type[Model]) -> None:
    theirs = type(admin.site.get_model_admin(model))
    if issubclass(theirs, ModelAdmin):
        return
    names = [str(name) for name in theirs.actions or ()]
    ours: dict[str, Any] = {name: _for_editors(theirs, name) for name in names}
    ours |= _instead(model, theirs)
    admin.site.unregister(model)
    admin.site.register(model, type(theirs.__name__, (theirs, ModelAdmin), ours))


def _instead(model: type[Model], theirs: Any) -> dict[str, Any]:
    """What of the library's own page doesn't work here."""
    if model is PeriodicTask:
        # Its template is a script inside the page, which our policy refuses.
        return {"form": _periodic_task_form(theirs.form), "change_form_template": None}
    if model is Group:
        return {"filter_horizontal": (), "form": GroupForm}
    if model is Authenticator:
        # Made by its owner, and secret; an operator removes one that is lost.
        return {"exclude": ["data"], "has_add_permission": _never, "has_change_permission": _never}
    return {}


def _never(self: ModelAdmin, request: HttpRequest, obj: Model | None = None) -> bool:
    return False


def _for_editors(theirs: type, name: str) -> Callable[..., Any]:
    """An action that names no permission would run for everybody who may look at the list."""
    method: Callable[..., Any] = getattr(theirs, name)

    @admin.action(permissions=["change"], description=getattr(method, "short_description", None))
    @wraps(method)
    def action(*args: Any) -> Any:
        return method(*args)

    return action


def _periodic_task_form(theirs: type) -> type:
    """Its two task fields bring widgets of their own, which would stand there unstyled."""

    class PeriodicTaskForm(theirs):
        def __init__(self, *args: object, **kwargs: object) -> None:
            super().__init__(*args, **kwargs)
            choices = self.fields["regtask"].widget.choices
            self.fields["regtask"].widget = UnfoldAdminSelectWidget(choices=choices)
            self.fields["task"].widget = UnfoldAdminTextInputWidget()

    return PeriodicTaskForm
