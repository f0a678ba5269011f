"""The holdings as a page for people."""

from collections.abc import Iterator, Mapping

from django.apps import apps

from integrity.privacy.declare import Holding, erasers, holdings

HEAD = """# Personal data

What each table holds of people, how it is handed out, and how it goes. Made by
`manage.py personal_data document` from each app's `personal_data.py`; a test holds it against them, and
`manage.py check --deploy` refuses a column that nobody has classified.

What is about nobody is left out here: `manage.py personal_data list` has every column, with the
reason. `manage.py personal_data search` looks for words in every table of the database.
"""
ERASERS = """
## What no foreign key leads to

A deletion erases it by these, before it takes the account's own rows away:
"""


def as_markdown() -> str:
    return "".join([HEAD, *(_chapter(each) for each in _telling()), ERASERS, "\n", *_erasers()])


def lines() -> Iterator[dict[str, str]]:
    """Every column that has a word: what it is, and why or how it goes."""
    for each in holdings:
        for name in each.personal:
            yield _line(each, name, "personal", each.erased)
        for name, inside in each.sealed.items():
            yield _line(each, name, "sealed", f"{inside}. {each.erased}")
        for name, why in each.neither.items():
            yield _line(each, name, "neither", why)


def _line(holding: Holding, column: str, holds: str, words: str) -> dict[str, str]:
    return {"table": holding.table, "column": column, "holds": holds, "words": words}


def _telling() -> list[Holding]:
    """In the order in which the project installs their apps."""
    order = [config.label for config in apps.get_app_configs()]
    told = [each for each in holdings if each.model and (each.personal or each.sealed)]
    return sorted(told, key=lambda each: order.index(each.model._meta.app_label))  # type: ignore[union-attr]


def _chapter(holding: Holding) -> str:
    shown = [name for name in holding.personal if name not in holding.withheld]
    text = f"\n## {holding.table}\n\n"
    if holding.rows:
        text += f"- Exported as “{holding.title}”: {_names(shown)}.\n"
    elif shown:
        text += f"- Personal, and in no export: {_names(shown)}.\n"
    text += _reasons("Never exported", holding.withheld) + _reasons("Sealed", holding.sealed)
    return text + f"- Erased: {holding.erased}\n"


def _names(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _reasons(what: str, columns: Mapping[str, str]) -> str:
    return "".join(f"- {what}: `{name}`, {why}.\n" for name, why in columns.items())


def _erasers() -> Iterator[str]:
    for each in erasers:
        yield f"- `{each.name}`: {' '.join((each.erase.__doc__ or '').split())}\n"
