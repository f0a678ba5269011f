"""The ways to a saga: from findings and incidents that are about some, and from a saga to whom it
is about."""

from collections.abc import Collection, Mapping
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.module_loading import import_string

from integrity.conf import config
from integrity.models import Finding

# Which view of the list shows what an invariant speaks of.
VIEWS = {
    "integrity.no_saga_needs_a_person": "person",
    "integrity.no_saga_is_stalled": "stalled",
    "integrity.every_saga_moves_in_time": "overdue",
    "integrity.no_provider_refuses_all": "gate",
    "integrity.no_effect_of_a_saga_is_left": "left",
}
OF_ONE = ("integrity.saga", "integrity.sagastep")


def pages_of(subjects: Collection[str]) -> Mapping[str, str]:
    """The page of each subject that has one, as the host project tells."""
    name = config().subject_pages
    found: Mapping[str, str] = import_string(name)(subjects) if name and subjects else {}
    return found


def link_from_finding(request: HttpRequest, finding: Finding) -> dict[str, str]:
    label, _, key = finding.subject.partition(":")
    if label in OF_ONE and request.user.has_perm("integrity.view_saga"):
        url = reverse("admin:integrity_saga_change", args=[key.partition(":")[0]])
        return {"title": "The saga", "url": url}
    return link_from_invariant(request, finding.invariant)


def link_from_invariant(request: HttpRequest, invariant: str) -> dict[str, str]:
    """Empty where it isn't about sagas, or nobody may look."""
    view = VIEWS.get(invariant)
    if view is None or not request.user.has_perm("integrity.view_saga"):
        return {}
    url = f"{reverse('admin:integrity_saga_changelist')}?{urlencode({'view': view})}"
    return {"title": "The sagas", "url": url}
