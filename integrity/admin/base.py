"""Facts to read, in Unfold's look where it is installed, else in that of Django's own admin."""

from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any

from django import forms
from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse

UNFOLD = apps.is_installed("unfold")
if TYPE_CHECKING:
    StockAdmin = admin.ModelAdmin[Any]
else:
    StockAdmin = admin.ModelAdmin


class VerbLinks(StockAdmin):
    """What Unfold does by itself: an address and a link for each verb."""

    change_form_template = "integrity/admin/change_form.html"
    change_list_template = "integrity/admin/change_list.html"
    actions_list: Sequence[str] = ()
    actions_detail: Sequence[str] = ()

    def get_urls(self) -> list[URLPattern]:
        return [
            *(self._address(name, f"{name}/") for name in self.actions_list),
            *(self._address(name, f"<path:object_id>/{name}/") for name in self.actions_detail),
            *super().get_urls(),
        ]

    def _address(self, name: str, route: str) -> URLPattern:
        view = self.admin_site.admin_view(getattr(self, name))
        address: URLPattern = path(route, view, name=self._address_name(name))
        return address

    def _address_name(self, name: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{name}"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        verbs = {"verbs": self._links(request, self.actions_list)}
        return super().changelist_view(request, verbs | (extra_context or {}))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        verbs = {"verbs": self._links(request, self.actions_detail, object_id)}
        return super().change_view(request, object_id, form_url, verbs | (extra_context or {}))

    def _links(
        self, request: HttpRequest, names: Sequence[str], *place: str
    ) -> list[dict[str, str]]:
        return [
            {
                "title": getattr(self, name).short_description,
                "url": reverse(f"{self.admin_site.name}:{self._address_name(name)}", args=place),
            }
            for name in names
            if self._may(request, name)
        ]

    def _may(self, request: HttpRequest, name: str) -> bool:
        needed = getattr(self, name).allowed_permissions
        return all(getattr(self, f"has_{each}_permission")(request) for each in needed)


if TYPE_CHECKING or not UNFOLD:
    ModelAdmin = VerbLinks
    ReasonInput = forms.TextInput
    TicksInput = forms.CheckboxSelectMultiple
    VARIANT = None
else:
    from unfold import admin as unfold_admin
    from unfold import enums as unfold_enums
    from unfold import widgets as unfold_widgets

    ModelAdmin = unfold_admin.ModelAdmin
    ReasonInput = unfold_widgets.UnfoldAdminTextInputWidget
    TicksInput = unfold_widgets.UnfoldAdminCheckboxSelectMultipleWidget
    VARIANT = unfold_enums.ActionVariant.DEFAULT


class DateInput(ReasonInput):
    """The browser's own calendar; no script of ours."""

    input_type = "date"


def utc(field: str) -> Any:
    """A column for a time, short enough for one line."""

    @admin.display(description=field.replace("_", " "), ordering=field)
    def column(self: Any, row: Model) -> str | None:
        time = getattr(row, field)
        return time and f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S}"

    return column


class FactsAdmin(ModelAdmin):
    """Facts are for reading. Whoever wants to change one looks for the verb that does."""

    show_full_result_count = False
    list_per_page = 50

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        # Django's own history knows only of what its forms have saved: here, of nothing.
        context = {"show_history": False} | (extra_context or {})
        return super().changeform_view(request, object_id, form_url, context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
