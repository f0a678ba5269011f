"""One request as a stand-in sees it, and its answer."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from werkzeug import Request, Response
from werkzeug.datastructures import Headers

from accounts.simulators.forms import nested


@dataclass(frozen=True)
class Asked:
    """`path` is still percent-encoded, so that an address with a slash is one segment of it."""

    method: str
    path: str
    query: Sequence[tuple[str, str]]
    body: bytes
    content_type: str
    headers: Headers
    base_url: str

    @classmethod
    def read(cls, environ: dict[str, Any]) -> "Asked":
        request = Request(environ)
        raw_path, _, query = str(environ["REQUEST_URI"]).partition("?")
        return cls(
            method=request.method,
            path=raw_path.removeprefix(request.script_root),
            query=parse_qsl(query, keep_blank_values=True),
            body=request.get_data(),
            content_type=request.mimetype,
            headers=Headers(request.headers),
            base_url=request.root_url.rstrip("/"),
        )

    @property
    def segments(self) -> list[str]:
        return [unquote(part) for part in self.path.strip("/").split("/")]

    @property
    def parameters(self) -> dict[str, Any]:
        return nested(self.query)

    @property
    def form(self) -> dict[str, Any]:
        return nested(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))

    @property
    def json(self) -> Any:
        """None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def token(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ").strip()


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    mimetype: str = "application/json"

    def response(self) -> Response:
        is_json = self.mimetype == "application/json"
        text = json.dumps(self.body) if is_json else str(self.body)
        return Response(text, self.status, dict(self.headers), mimetype=self.mimetype)


class Refused(Exception):
    """Raised by a route: the answer is an error of the vendor."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer
