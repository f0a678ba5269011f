"""The one lock order: users by their ids, then weddings by theirs, then what belongs to them."""

from accounts.errors import IsLeaving, UserNotFound
from accounts.models import User, Wedding
from integrity.transactions import transaction_required


@transaction_required
def lock_user(user: User) -> User:
    """The user as it is now, held until COMMIT: the first lock of every flow about one account.

    Raises:
        UserNotFound: it is gone.
        IsLeaving: it is to be deleted, and until then nothing of it changes.
    """
    held = hold_user(user)
    if held.leaving_since is not None:
        raise IsLeaving
    return held


@transaction_required
def hold_user(user: User) -> User:
    """The same lock, for what goes on while the account is to be deleted: what vendors tell of it,
    and the deletion itself.

    Raises:
        UserNotFound: it is gone.
    """
    try:
        return User.objects.select_for_update(no_key=True).get(pk=user.pk)
    except User.DoesNotExist:
        raise UserNotFound from None


@transaction_required
def lock_wedding(user: User) -> Wedding:
    """Lock the user and then their wedding, and return it as it is now.

    Each lock is a statement of its own: what follows sees what the rival committed.

    Raises:
        UserNotFound: the account is gone.
        Wedding.DoesNotExist: the user plans no wedding; an operator, for one.
    """
    lock_user(user)
    # A membership moves under its user's lock only, so this id is still right below.
    wedding = Wedding.objects.only("pk").get(members__user=user)
    return Wedding.objects.select_for_update(no_key=True).get(pk=wedding.pk)


@transaction_required
def lock_users(*keys: int | None) -> dict[int, User]:
    """Those of them that are there, by their ids, locked in that order."""
    held = User.objects.select_for_update(no_key=True).filter(pk__in=keys)
    return {user.pk: user for user in held.order_by("pk")}


@transaction_required
def lock_weddings(*keys: int) -> dict[int, Wedding]:
    """The same for weddings, after the users."""
    held = Wedding.objects.select_for_update(no_key=True).filter(pk__in=keys)
    return {wedding.pk: wedding for wedding in held.order_by("pk")}
