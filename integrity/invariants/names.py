"""Models by label, found when they are needed: declarations come before all apps are loaded."""

from django.apps import apps
from django.db.models import Model


def model_named(label: str) -> type[Model]:
    """The model of `app_label.Model`. Raises LookupError."""
    try:
        return apps.get_model(label)
    except ValueError as error:
        raise LookupError(f"{label!r} is not of the form app_label.Model") from error
