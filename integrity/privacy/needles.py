"""The shapes in which a word may lie somewhere: as it is, escaped, encoded."""

import base64
import html
import json
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

# Shorter ones are in everybody's words.
SHORTEST = 5


class TooShort(ValueError):
    """So short a word is found everywhere. Look for at least five characters."""


@dataclass(frozen=True)
class Needles:
    """Lower-case patterns for lower-cased texts, and those where the case counts."""

    folded: frozenset[str]
    exact: frozenset[str]

    def are_in(self, text: str) -> bool:
        return any(each in text for each in self.exact) or any(
            each in text.lower() for each in self.folded
        )


def needles(words: Iterable[str]) -> Needles:
    """All shapes of these words.

    Raises:
        TooShort: nothing that was found would mean anything.
    """
    wanted = {word.strip() for word in words}
    if not wanted or min(map(len, wanted)) < SHORTEST:
        raise TooShort(TooShort.__doc__)
    spelt = {variant for word in wanted for variant in (word, word.lower(), word.upper())}
    return Needles(
        folded=frozenset(shape.lower() for word in wanted for shape in _shapes(word)),
        exact=frozenset(part for word in spelt for part in _base64_parts(word.encode())),
    )


def _shapes(word: str) -> set[str]:
    """PostgreSQL shows bytes in hexadecimal; of a JSON text, only what is within its quotes."""
    escaped = {json.dumps(word)[1:-1], json.dumps(word, ensure_ascii=False)[1:-1]}
    spelt = {word, word.lower(), word.upper()}
    return {
        word,
        html.escape(word),
        quote(word, safe=""),
        quote(word),
        quote_plus(word),
        *escaped,
        *(variant.encode().hex() for variant in spelt),
    }


def _base64_parts(raw: bytes) -> set[str]:
    """What is the same whatever stands around it, for each of the three places it may begin at."""
    parts = set()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw).decode()
        # Of the first and the last sign, some bits belong to the neighbours.
        first = -(-before * 8 // 6)
        last = (before + len(raw)) * 8 // 6
        parts |= {encoded[first:last], encoded[first:last].translate(_URL_SAFE)}
    return parts


_URL_SAFE = str.maketrans("+/", "-_")
