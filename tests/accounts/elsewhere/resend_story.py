"""What tests say of people and their contacts at Resend."""

from allauth.account.models import EmailAddress

from accounts.actors import acting
from accounts.addresses.verification import confirm_email
from accounts.clients.contacts import contacts
from accounts.elsewhere.contact import choose_news, promise_contact
from integrity.models import OutboxMessage
from integrity.relay import deliver_due
from integrity.transactions import transaction
from tests.factories import CoupleFactory

ADA, EVE = "ada@example.com", "eve@example.com"


def verified(email, name=""):
    """Verified, and named if the first step is done."""
    step = {"profile__step": 1, "profile__name": name} if name else {}
    return CoupleFactory(email=email, address__verified=True, **step)


def promise(user):
    with transaction():
        promise_contact(user)


def sync(user):
    promise(user)
    deliver_due()


def again():
    """What waits for another try is due."""
    OutboxMessage.objects.update(available_at="2020-01-01T00:00Z")
    deliver_due()


def there(email):
    """Name and muteness by the address, as Resend has them."""
    found = contacts().find(email)
    return (found.first_name, found.unsubscribed) if found else None


def choose(user, *, wanted, **more):
    choose_news(user=user, wanted=wanted, by=acting(user), **more)


def move(user, email):
    EmailAddress.objects.create(user=user, email=email, primary=False)
    confirm_email(user=user, email=email, by=acting(user))
