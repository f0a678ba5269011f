"""Sends Stripe's events to an endpoint: signed, at least once, in no promised order.

Source: Stripe's page "Receive Stripe events in your webhook endpoint", section on signatures:
the header holds `t` and `v1`, HMAC-SHA256 of "{t}.{body}" under the endpoint's secret.
"""

import hashlib
import hmac
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.simulators.account import WEBHOOK_SECRET

TICK = 0.2
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
Send = Callable[[bytes, Mapping[str, str]], int]


def signed(event: Mapping[str, Any], *, secret: str, at: float) -> tuple[bytes, dict[str, str]]:
    """The body and the headers of one delivery."""
    body = json.dumps(event, indent=2).encode()
    stamp = str(int(at))
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return body, {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": f"t={stamp},v1={digest}",
    }


@dataclass
class Delivery:
    event: dict[str, Any]
    due_at: float
    attempts: int = 0


@dataclass
class Webhooks:
    """What waits for delivery. Sent by hand with `deliver`, or by itself after `start`.

    Args:
        send: takes body and headers, gives the status of the answer.
        late: seconds that each event is held back.
        copies: how often each is sent.
        reverse: what is due at the same time is sent in reverse order.
        held: nothing leaves by itself.
    """

    send: Send | None = None
    secret: str = WEBHOOK_SECRET
    late: float = 0.0
    copies: int = 1
    reverse: bool = False
    held: bool = False
    clock: Callable[[], float] = time.time
    waiting: list[Delivery] = field(default_factory=list)
    sent: list[tuple[str, int]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, event: dict[str, Any]) -> None:
        with self._lock:
            self.waiting.append(Delivery(event, self.clock() + self.late))

    def deliver(self) -> list[int]:
        """Send all that waits, due or not; what isn't answered by 2xx waits on."""
        return self._send_all(self._take(lambda delivery: True))

    def deliver_due(self) -> list[int]:
        now = self.clock()
        return self._send_all(self._take(lambda delivery: delivery.due_at <= now))

    def redeliver(self, event: dict[str, Any]) -> int:
        """Send one again, whatever became of it before."""
        if self.send is None:
            raise RuntimeError("There is nowhere to send an event to.")
        status = self.send(*signed(event, secret=self.secret, at=self.clock()))
        self.sent.append((event["id"], status))
        return status

    def script(self, **values: Any) -> None:
        """Change `late`, `copies`, `reverse` or `held`."""
        known = {"late", "copies", "reverse", "held"}
        if unknown := values.keys() - known:
            raise ValueError(f"Unknown: {', '.join(sorted(unknown))}.")
        for name, value in values.items():
            setattr(self, name, value)

    def forget(self) -> None:
        with self._lock:
            self.waiting, self.sent = [], []
        self.script(late=0.0, copies=1, reverse=False, held=False)

    def start(self) -> None:
        """Send what is due by itself, as long as the process lives."""
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(TICK)
            if not self.held:
                self.deliver_due()

    def _take(self, wanted: Callable[[Delivery], bool]) -> list[Delivery]:
        with self._lock:
            taken = [delivery for delivery in self.waiting if wanted(delivery)]
            self.waiting = [delivery for delivery in self.waiting if delivery not in taken]
        return taken[::-1] if self.reverse else taken

    def _send_all(self, deliveries: list[Delivery]) -> list[int]:
        return [self._send(delivery) for delivery in deliveries for _ in range(self.copies)]

    def _send(self, delivery: Delivery) -> int:
        status = self.redeliver(delivery.event)
        delivery.attempts += 1
        if 200 <= status < 300:
            delivery.event["pending_webhooks"] = 0
        else:
            wait = min(LONGEST_WAIT, FIRST_WAIT * 2**delivery.attempts)
            delivery.due_at = self.clock() + wait
            with self._lock:
                if delivery not in self.waiting:
                    self.waiting.append(delivery)
        return status


def over_http(url: str) -> Send:
    """To an endpoint on this machine. 0 where there was no answer."""

    def send(body: bytes, headers: Mapping[str, str]) -> int:
        request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    return send
