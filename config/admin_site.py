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
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

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
    if model is PeriodicTask:
        ours["form"] = _periodic_task_form(theirs.form)
    admin.site.unregister(model)
    admin.site.register(model, type(theirs.__name__, (theirs, ModelAdmin), ours))


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
