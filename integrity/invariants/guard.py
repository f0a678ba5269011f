"""What must be there before "the other side is missing" is believed.

A reference table that was emptied, restored halfway or read from the wrong place makes every row
that points to it look like an orphan, and a repair would then delete them all.
"""

from dataclasses import dataclass

from django.db.models import Model

from integrity.invariants.names import model_named


@dataclass(frozen=True, init=False)
class Guard:
    """Violations are believed only while each model's table exists and isn't empty, and, from
    100 rows, hasn't lost more than a fifth of them since the last complete run. Otherwise the
    result is unknown.

    Args:
        models: labels, such as `accounts.User`.
    """

    models: tuple[str, ...]

    def __init__(self, *models: str) -> None:
        object.__setattr__(self, "models", models)

    def resolved(self) -> list[type[Model]]:
        """Raises LookupError: a model is not installed."""
        return [model_named(label) for label in self.models]
