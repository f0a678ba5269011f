"""What became of a call to a vendor, in the words of the relay that promised it."""

from collections.abc import Iterator
from contextlib import contextmanager

from accounts.clients.outcomes import Rejected, VendorError, Wait
from integrity.outbox import Permanent, RetryLater, TryAgain

# A key that is refused, a quota that is used up: nobody's message gets through until somebody
# mends that, so none of them is blamed for it.
REFUSED_TO_ALL = 900.0


@contextmanager
def outcomes_for_the_relay() -> Iterator[None]:
    try:
        yield
    except Wait as error:
        raise RetryLater(error.after, str(error)) from None
    except Rejected as error:
        if error.is_for_everybody:
            raise RetryLater(REFUSED_TO_ALL, str(error)) from None
        raise Permanent(str(error)) from None
    except VendorError as error:
        raise TryAgain(str(error)) from None
