"""The page of a group: only those permissions that something here asks for."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Concat
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget


def asked_for() -> QuerySet[Permission]:
    """All verbs; looking at each page and at what it shows below; changing what can be changed."""
    ready_made = [
        Concat(Value(f"{name}_"), "content_type__model")
        for name in ("add", "change", "delete", "view")
    ]
    asked = ~Q(codename__in=ready_made)
    for model, page in admin.site._registry.items():
        asked |= _of(model) & ~Q(codename__in=_idle(page))
        for inline in page.inlines:
            asked |= _of(inline.model) & Q(codename=f"view_{inline.model._meta.model_name}")
    return Permission.objects.filter(asked).order_by("content_type__app_label", "codename")


def _of(model: Any) -> Q:
    return Q(content_type=ContentType.objects.get_for_model(model, for_concrete_model=False))


def _idle(page: Any) -> list[str]:
    """What the page refuses to everybody: facts are changed by verbs alone."""
    return [
        f"{change}_{page.opts.model_name}"
        for change in ("add", "change", "delete")
        if getattr(type(page), f"has_{change}_permission") is not _asking(change)
    ]


def _asking(change: str) -> Any:
    return getattr(ModelAdmin, f"has_{change}_permission")


class Permissions(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Permission) -> str:
        return obj.name


class GroupForm(forms.ModelForm):  # type: ignore[type-arg]
    permissions = Permissions(
        Permission.objects.none(), required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    class Meta:
        model = Group
        fields = ["name", "permissions"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["permissions"].queryset = asked_for()  # type: ignore[attr-defined]
