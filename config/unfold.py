"""The admin's look."""

from typing import Any

UNFOLD: dict[str, Any] = {"SITE_TITLE": "Everafter", "SITE_HEADER": "Everafter"}
