"""What the seed says of the vendors is so at their stand-ins: readings of their lists find nothing."""

import io

import pytest
from django.core.management.base import OutputWrapper

from accounts.elsewhere import pages
from accounts.models import Contact, Difference, Identity, Listing
from accounts.simulators.server import Vendors, running
from demo.contents import prepare
from demo.leavers import _called_at, standing_still
from tests.accounts.elsewhere.listing_story import CONTACTS, IDENTITIES, read

pytestmark = pytest.mark.django_db(transaction=True)


def test_only_whose_deletion_stands_still_is_otherwise_there(settings, tmp_path, monkeypatch):
    settings.DEBUG = True
    monkeypatch.setattr(pages, "PAUSE", 0)
    prepare(couples=20, out=OutputWrapper(io.StringIO()), vendors=tmp_path)

    with running(Vendors(store=tmp_path)) as url, _called_at(url):
        for side in (IDENTITIES, CONTACTS):
            read(side, 2)

    seen = Difference.objects.values_list("what", "their_id")
    assert list(seen) == [("deleted", standing_still().subject)]
    # Of the couple whose deletion stands still, the contact has gone.
    read_there = dict(Listing.objects.values_list("of", "read"))
    known = Contact.objects.exclude(told="").count()
    assert read_there == {"identities": Identity.objects.count(), "contacts": known - 1}
