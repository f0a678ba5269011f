"""One way to call a vendor over HTTP that tells what is certain from what is not."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from accounts.clients.outcomes import (
    FOR_EVERYBODY,
    Missing,
    NotSent,
    Rejected,
    Unknown,
    VendorError,
    Wait,
)
from accounts.clients.waiting import seconds_to_wait

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS, READ_SECONDS = 5.0, 15.0


@dataclass(frozen=True)
class Caller:
    """One account at one vendor.

    Args:
        code_in: the fields of an error that may name it, the first text counts.
        missing: the name that makes a 404 a statement about the object, not about the address.
        busy: names that mean: not now, the same again later.
    """

    vendor: str
    base_url: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    code_in: tuple[str, ...]
    missing: str
    busy: frozenset[str] = frozenset()

    def ask(
        self,
        operation: str,
        method: str,
        path: str,
        *ids: str,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The answer's JSON.

        Args:
            path: with `{}` for each of the ids, which are quoted.

        Raises:
            VendorError: what became of the call instead.
        """
        import httpx

        name = f"{self.vendor} {operation}"
        place = path.format(*(quote(id, safe="") for id in ids))
        client = _client(self.base_url, self.headers, READ_SECONDS)
        try:
            answer = client.request(method, place, params=query, json=body, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotSent(name, code=type(error).__name__) from None
        except httpx.RequestError as error:
            raise Unknown(name, code=type(error).__name__) from None
        return self._judged(name, answer)

    def _judged(self, name: str, answer: "httpx.Response") -> dict[str, Any]:
        told = _json(answer)
        if answer.is_success:
            if told is None:
                raise Unknown(name, status=answer.status_code, code="not_json")
            return told
        raise self._outcome(name, answer, self._code(told or {}))

    def _code(self, told: Mapping[str, Any]) -> str:
        named = (told.get(field) for field in self.code_in)
        return next((code for code in named if isinstance(code, str)), "")

    def _outcome(self, name: str, answer: "httpx.Response", code: str) -> VendorError:
        status = answer.status_code
        if status in (408, 425) or status >= 500:
            kind: type[VendorError] = NotSent if status == 425 else Unknown
            return kind(name, status=status, code=code)
        if code in self.busy or (status == 429 and code not in FOR_EVERYBODY):
            after = seconds_to_wait(answer.headers.get("retry-after"))
            return Wait(name, after=after, status=status, code=code)
        if answer.is_redirect:
            return Rejected(name, status=status, code="redirected")
        kind = Missing if status == 404 and code == self.missing else Rejected
        return kind(name, status=status, code=code)


@functools.cache
def _client(
    base_url: str, headers: tuple[tuple[str, str], ...], read_seconds: float
) -> "httpx.Client":
    import httpx

    return httpx.Client(
        base_url=base_url,
        headers=dict(headers),
        timeout=httpx.Timeout(read_seconds, connect=CONNECT_SECONDS),
        follow_redirects=False,
    )


def _json(answer: "httpx.Response") -> dict[str, Any] | None:
    try:
        told = json.loads(answer.content)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None
