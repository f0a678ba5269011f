"""What tests say of people and their identities at Supabase Auth."""

from accounts.actors import VISITOR
from accounts.clients.identity import identities
from accounts.elsewhere.identity import promise_identity
from accounts.signup import sign_up
from integrity.models import OutboxMessage
from integrity.relay import deliver_due
from integrity.transactions import transaction

EFFECTS = ("accounts.create_identity", "accounts.remove_identity", "accounts.match_ban")


def signed_up(email):
    """Mails are beside the point, and don't leave."""
    user = sign_up(email=email, password_hash="!x", by=VISITOR)
    OutboxMessage.objects.exclude(effect__in=EFFECTS).delete()
    return user


def promise(user):
    with transaction():
        promise_identity(user)


def deliver():
    OutboxMessage.objects.exclude(effect__in=EFFECTS).delete()
    deliver_due()


def again(times=1):
    for _ in range(times):
        OutboxMessage.objects.update(available_at="2020-01-01T00:00Z")
        deliver()


def there(user):
    """Address and proof under the user's id, as the provider has them."""
    found = identities().find(user.uid)
    return (found.email, found.is_verified) if found else None
