"""One mail per minute, purpose and address, whether or not there is an account.

The cache is a table on the same connection: what a failed attempt used up comes back with it.
"""

from django.core.cache import cache
from django.utils.crypto import salted_hmac

from accounts.errors import MailedAMomentAgo
from integrity.flows import Busy
from integrity.transactions import transaction_required

SECONDS = 60
ATTEMPTS = 2


def digest(email: str) -> str:
    """Stands for an address where the address itself has no business."""
    return salted_hmac("accounts.email", email).hexdigest()[:40]


@transaction_required
def note_mail(purpose: str, email: str) -> bool:
    """Count a mail to this address; False when there was one within the last minute.

    Raises:
        Busy: it couldn't be counted.
    """
    key = f"accounts.mail:{purpose}:{digest(email)}"
    # The cache swallows errors of the database, so that its no may mean that a statement failed.
    for _ in range(ATTEMPTS):
        if cache.add(key, True, SECONDS):
            return True
        if cache.get(key):
            return False
    raise Busy("accounts.mail_limits")


def limit_mail(purpose: str, email: str) -> None:
    """Count a mail to this address, or refuse it.

    Raises:
        MailedAMomentAgo: there was one within the last minute.
    """
    if not note_mail(purpose, email):
        raise MailedAMomentAgo
