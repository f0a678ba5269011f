"""Stripe's forms: `items[0][price]=x&metadata[a]=b&expand[]=y` as objects and lists."""

import re
from collections.abc import Iterable
from typing import Any

_PARTS = re.compile(r"\[([^\]]*)\]")


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in pairs:
        head, *_ = name.split("[", 1)
        _put(tree, [head, *_PARTS.findall(name)], value)
    return {name: _lists(branch) for name, branch in tree.items()}


def _put(tree: dict[str, Any], path: list[str], value: str) -> None:
    for part in path[:-1]:
        branch = tree.setdefault(part or str(len(tree)), {})
        if not isinstance(branch, dict):
            return
        tree = branch
    tree[path[-1] or str(len(tree))] = value


def _lists(branch: Any) -> Any:
    """An object whose names are 0, 1, 2 is a list."""
    if not isinstance(branch, dict):
        return branch
    values = [_lists(value) for value in branch.values()]
    if branch and list(branch) == [str(number) for number in range(len(branch))]:
        return values
    return dict(zip(branch, values, strict=True))


def truth(value: Any) -> bool:
    return str(value).lower() == "true"


def texts(value: Any) -> dict[str, str]:
    """Metadata: texts by name, whatever was sent."""
    return {str(key): str(text) for key, text in value.items()} if isinstance(value, dict) else {}
