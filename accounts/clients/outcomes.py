"""What became of a call to a vendor. Done is a return value; all else is one of these.

| raised     | did it happen?       | what to do next                                    |
|------------|----------------------|----------------------------------------------------|
| `NotSent`  | certainly not        | the same again, later                              |
| `Wait`     | certainly not        | the same again, after `after` seconds              |
| `Unknown`  | nobody can tell      | read what is there, then decide; never undo blindly |
| `Rejected` | no, and never will   | a person looks                                     |
| `Missing`  | no: there is no such object (a kind of `Rejected`)                        |
"""


class VendorError(Exception):
    """A call that isn't done.

    Its text holds no word of the vendor's, which might quote an address.

    Args:
        operation: such as "resend contacts.remove".
        status: of the answer, None without one.
        code: the vendor's name for what went wrong.
    """

    outcome: str

    def __init__(self, operation: str, *, status: int | None = None, code: str = "") -> None:
        what = " ".join(str(part) for part in (status, code) if part)
        super().__init__(f"{operation}: {self.outcome}" + (f" ({what})" if what else ""))
        self.operation = operation
        self.status = status
        self.code = code


class NotSent(VendorError):
    """Nothing has happened. Try the same again."""

    outcome = "not_sent"


class Wait(VendorError):
    """Nothing has happened; the vendor asks for a pause of `after` seconds."""

    outcome = "wait"

    def __init__(
        self, operation: str, *, after: float, status: int | None = None, code: str = ""
    ) -> None:
        super().__init__(operation, status=status, code=code)
        self.after = after


class Unknown(VendorError):
    """It may have happened. Read what is there before anything else.

    With a `status` the vendor gave an answer of its own, and may give the same one to the same
    idempotency key for ever: once a read shows no effect, take a new key.
    """

    outcome = "unknown"


class Rejected(VendorError):
    """Nothing has happened, and another try would end the same."""

    outcome = "rejected"

    @property
    def is_for_everybody(self) -> bool:
        """The key or the account is refused, so no call at all would pass."""
        return self.status in (401, 403) or self.code in FOR_EVERYBODY


class Missing(Rejected):
    """There is no such object; the vendor says so in words of its own, not by a mere 404."""


FOR_EVERYBODY = {
    "daily_quota_exceeded",
    "monthly_quota_exceeded",
    "redirected",
}
