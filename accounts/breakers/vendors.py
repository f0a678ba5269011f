"""How the promises about what vendors know are broken on purpose."""

from accounts.breakers.couple import a_couple
from accounts.models import Address, Contact, Identity
from integrity.selftest import breaker


@breaker("accounts.resend_knows_every_verified_couple")
def tell_resend_something_else() -> None:
    couple = a_couple()
    Address.objects.filter(user=couple).update(verified=True)
    Contact.objects.create(user=couple, contact_id="selftest", told="something else")


@breaker("accounts.every_couple_has_an_identity")
def tell_the_identity_provider_something_else() -> None:
    Identity.objects.create(user=a_couple(), told="something else")


@breaker("accounts.every_proven_address_counts")
def prove_an_address_for_nothing() -> None:
    Address.objects.create(user=a_couple(), email="kept@example.com", verified=True, primary=False)
