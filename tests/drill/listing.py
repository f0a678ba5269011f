"""Lists of people elsewhere: what a page shows, whom none has shown, and what that comes to."""

from dataclasses import replace

from accounts.clients.contacts import Contact as Reached
from accounts.clients.identity import Identity as Known
from accounts.elsewhere.contact import verified_couples
from accounts.elsewhere.identity import couples
from accounts.elsewhere.listing import Superseded, differs, finish_listing, note_listed, note_unseen
from accounts.elsewhere.people import SIDES
from accounts.models import Contact, Difference, Identity, Listing
from integrity.drill.core import Scenario
from tests.drill.facts import BY, couple, judge

IDENTITIES, CONTACTS = SIDES[Listing.Of.IDENTITIES], SIDES[Listing.Of.CONTACTS]


def listing_of(context):
    return Listing.objects.get(pk=context.listing.pk)


def noted(context):
    return Difference.objects.filter(user_uid=context.user.uid).count()


def an_identity():
    """Of whom the provider has another address than it has confirmed."""
    context = couple(address__verified=True)
    told = couples().get(pk=context.user.pk).fingerprint
    Identity.objects.create(user=context.user, told=told)
    context.side, context.listing = IDENTITIES, Listing.objects.create(of="identities")
    context.page = [Known(context.user.uid, context.new_email, banned_until=None, is_verified=True)]
    context.row = Identity.objects.filter(user=context.user)
    return context


def a_contact():
    context = couple(address__verified=True)
    uid = str(context.user.uid)
    Contact.objects.create(user=context.user, contact_id=uid)
    told = verified_couples().get(pk=context.user.pk).fingerprint
    Contact.objects.filter(user=context.user).update(told=told)
    context.side, context.listing = CONTACTS, Listing.objects.create(of="contacts")
    context.page = [Reached(uid, context.new_email, "", "", unsubscribed=False)]
    context.row = Contact.objects.filter(user=context.user)
    return context


def page_now(context):
    listing = listing_of(context)
    return judge(
        difference=(noted(context), 0, 1),
        seen=(context.row.filter(seen_at__isnull=False).count(), 0, 1),
        listing=((listing.after, listing.read), ("", 0), ("2", 1)),
    )


PAGE = Scenario(
    name="note_listed",
    flows=("accounts.note_listed",),
    setup=an_identity,
    act=lambda context: note_listed(
        side=context.side, listing=context.listing, listed=context.page, after="2", by=BY
    ),
    whole=page_now,
    done_before=(Superseded,),
)
PAGE_OF_CONTACTS = replace(PAGE, name="note_listed, contacts", setup=a_contact)


def shown_by_no_page():
    """And they are the only one who is looked at: the others came before."""
    context = an_identity()
    before = str(context.user.pk - 1)
    Listing.objects.filter(pk=context.listing.pk).update(phase="missing", after=before)
    context.listing, context.before = listing_of(context), before
    return context


UNSEEN = Scenario(
    name="note_unseen",
    flows=("accounts.note_unseen",),
    setup=shown_by_no_page,
    act=lambda context: note_unseen(side=context.side, listing=context.listing, by=BY),
    whole=lambda context: judge(
        difference=(noted(context), 0, 1),
        after=(listing_of(context).after, context.before, str(context.user.pk)),
    ),
    done_before=(Superseded,),
)


def read_to_its_end():
    """One was seen again, and one was not."""
    context = couple()
    old, context.listing = (Listing.objects.create(of="identities") for _ in range(2))
    uid = context.user.uid
    for what, listing in (("banned", context.listing), ("free", old)):
        seen = differs(Listing.Of.IDENTITIES, what, str(uid), uid)
        seen.seen_in, seen.readings = listing, 1
        seen.save(force_insert=True)
    return context


FINISH = Scenario(
    name="finish_listing",
    flows=("accounts.finish_listing",),
    setup=read_to_its_end,
    act=lambda context: finish_listing(listing=context.listing, by=BY),
    whole=lambda context: judge(
        readings=(
            set(
                Difference.objects.filter(user_uid=context.user.uid).values_list("what", "readings")
            ),
            {("banned", 1), ("free", 1)},
            {("banned", 2)},
        ),
        finished=(listing_of(context).finished_at is not None, False, True),
    ),
    done_before=(Superseded,),
)

SCENARIOS = [PAGE, PAGE_OF_CONTACTS, UNSEEN, FINISH]
