"""Saved views over a list: the first of them is what there is to do."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

View = Callable[[HttpRequest], Q]


class SavedViews(admin.SimpleListFilter):
    """A subclass names its `views`: by what the address says, the title and which rows."""

    title = "view"
    parameter_name = "view"
    views: ClassVar[Mapping[str, tuple[str, View]]] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, title) for key, (title, _) in self.views.items()]

    def choices(self, changelist: Any) -> Any:
        """Without the `All` that Django puts in front."""
        for key, title in self.lookup_choices:
            link = changelist.get_query_string({self.parameter_name: key})
            yield {"selected": self._chosen() == str(key), "query_string": link, "display": title}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        _, view = self.views[self._chosen()]
        return queryset.filter(view(request))

    def _chosen(self) -> str:
        asked = self.value() or ""
        return asked if asked in self.views else next(iter(self.views))
