"""Content-Security-Policy: strict for the site, looser below /admin/ only."""

from collections.abc import Sequence
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

SITE: dict[str, Any] = {
    "default-src": [SELF],
    "img-src": [SELF, "data:"],
    "object-src": [NONE],
    "base-uri": [NONE],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
}


def site(*, form_targets: Sequence[str] = ()) -> dict[str, Any]:
    """
    Args:
        form_targets: other places that a form may lead to, by a redirect too.
    """
    return {**SITE, "form-action": [SELF, *form_targets]}


# Unfold's Alpine evaluates strings and sets inline styles; without both nothing can be clicked.
ADMIN = {**SITE, "script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}


class PolicyByPath(CSPMiddleware):
    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if request.path_info.startswith(settings.ADMIN_PATH) and not hasattr(
            response, "_csp_config"
        ):
            response._csp_config = ADMIN  # type: ignore[attr-defined]
        return super().process_response(request, response)
