"""How accounts' facts are read: found by the beginning of an address, or by a whole id."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.utils import quote
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import TabularInline

from integrity.admin.base import FactsAdmin

SEARCH_HELP = "The beginning of an address, or a whole id."


class AccountFacts(FactsAdmin):
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        # Addresses and ids are stored in lower case; an exact search is one the index answers.
        return super().get_search_results(request, queryset, search_term.lower())


def link(label: str, *, page: str, pk: Any = None, query: str = "") -> str:
    """To a page of the admin: `accounts_user_change` with a key, `accounts_user_changelist`."""
    url = reverse(f"admin:{page}", args=[] if pk is None else [quote(pk)])
    return anchor(label, f"{url}{query}")


def anchor(label: str, url: str) -> str:
    return format_html('<a class="text-link underline" href="{}">{}</a>', url, label)


class ReadOnlyInline(TabularInline):
    # Says so where there are no rows: their headings alone would say nothing.
    template = "accounts/admin/inline.html"
    extra = max_num = 0
    hide_title = True
    can_delete = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return list(self.fields)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
