"""What a person does by hand at the toy provider and in the toy database, before they say so."""

from tests.integrity.toy.models import Account, Mailbox


def remove(name):
    Mailbox.objects.filter(name=name).update(removed=True)


def close(name):
    """All that is left to do behind the pivot."""
    remove(name)
    Account.objects.filter(name=name).delete()


def freeze(name):
    Account.objects.filter(name=name).update(state="frozen")


def put_back(name, *, muted):
    Mailbox.objects.filter(name=name).update(muted=muted, refunds=0)
    Account.objects.filter(name=name).update(state="open")


# Of the step that they say is done.
DONE = {"freeze": freeze, "remove": remove, "look": remove, "purge": close}
