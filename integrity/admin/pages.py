"""Pages of our own, which look the same in Unfold and in Django's admin."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from integrity.admin.base import FactsAdmin, ModelAdmin

MOST = 10_000
if TYPE_CHECKING:
    Pages = Paginator[Any]
else:
    Pages = Paginator


class CappedPaginator(Pages):
    """Counts no further than anybody pages, so that a long table costs no more than a short one."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        counted: int = rows.order_by()[: MOST + 1].count()
        return counted

    @property
    def said(self) -> str:
        return f"more than {MOST:,}" if self.count > MOST else f"{self.count:,}"


class PageAdmin(FactsAdmin):
    """A list and a page for each object, by templates of our own.

    What a subclass adds: `change_list_template` and `page`, and what it shows by `page_context`.
    """

    page = ""
    paginator = CappedPaginator
    list_per_page = 50
    list_max_show_all = 50
    sortable_by = ()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        added = {"verbs": verb_links(self, request, self.actions_list), **(extra_context or {})}
        answer = super().changelist_view(request, added)
        if isinstance(answer, TemplateResponse) and (answer.context_data or {}).get("cl"):
            context: dict[str, Any] = answer.context_data  # type: ignore[assignment]
            context |= {"pager": _pager(context["cl"]), "filters": list(_filters(context["cl"]))}
        return answer

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        # PostgreSQL stores no such character, and refuses to be asked for one.
        if any("\0" in each for each in request.GET.values()):
            raise BadRequest("A filter holds a character that no text can hold.")
        return super().get_changelist_instance(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        target = self.get_object(request, object_id)
        if target is None:
            raise Http404
        return self.show(request, target, **(extra_context or {}))

    def show(self, request: HttpRequest, target: Any, **more: Any) -> HttpResponse:
        self.refuse_strangers(request, target)
        verbs = verb_links(self, request, self.actions_detail, str(target.pk))
        context = {"target": target, "verbs": verbs, **self.page_context(request, target), **more}
        return self.answer(request, self.page, context)

    def page_context(self, request: HttpRequest, target: Any) -> dict[str, Any]:
        return {"title": str(target)}

    def answer(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        surroundings = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, template, surroundings | context)

    def refuse_strangers(self, request: HttpRequest, target: Any = None) -> None:
        if not self.has_view_permission(request, target):
            raise PermissionDenied


def verb_links(
    admin: ModelAdmin, request: HttpRequest, names: Sequence[str], *place: str
) -> list[dict[str, str]]:
    """The verbs that this person may use here."""
    page = f"{admin.admin_site.name}:{admin.opts.app_label}_{admin.opts.model_name}"
    return [
        {
            "name": name,
            "title": getattr(admin, name).short_description,
            "url": reverse(f"{page}_{name}", args=place),
        }
        for name in names
        if _may(admin, request, name)
    ]


def _may(admin: ModelAdmin, request: HttpRequest, name: str) -> bool:
    needed = getattr(admin, name).allowed_permissions
    return all(getattr(admin, f"has_{each}_permission")(request) for each in needed)


def _pager(changes: Any) -> dict[str, Any]:
    number, last = changes.page_num, changes.paginator.num_pages
    pages = {"previous": number - 1, "next": number + 1}
    links = {
        name: changes.get_query_string({PAGE_VAR: page})
        for name, page in pages.items()
        if 1 <= page <= last
    }
    return {"number": number, "last": last, "said": changes.paginator.said, **links}


def _filters(changes: Any) -> Iterator[dict[str, Any]]:
    for spec in changes.filter_specs:
        choices = list(spec.choices(changes))
        chosen = next((each for each in choices if each["selected"]), None)
        yield {"title": spec.title, "choices": choices, "chosen": chosen}
