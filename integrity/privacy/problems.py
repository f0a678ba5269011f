"""System checks about what is personal."""

from django.core.checks import CheckMessage, Error

from integrity.privacy.columns import Column, misnamed, unclassified
from integrity.privacy.declare import holdings


def of_the_holdings() -> list[CheckMessage]:
    """Nothing in a project that declares none: it keeps no such list."""
    if all(each.table.startswith(("integrity_", "django_")) for each in holdings):
        return []
    return [
        *(_unclassified(each) for each in unclassified()),
        *(_misnamed(each) for each in misnamed()),
    ]


def _unclassified(column: Column) -> CheckMessage:
    return Error(
        f"Nobody has said whether {column} is personal.",
        hint="Name it in hold() of the app's personal_data.py: in `personal`, with how it is erased;"
        " in `sealed`; or in `neither`, with the reason.",
        id="integrity.E021",
    )


def _misnamed(column: Column) -> CheckMessage:
    return Error(
        f"{column} is classified in a personal_data.py, and there is no such column.",
        hint="Correct its name, or take it out.",
        id="integrity.E022",
    )
