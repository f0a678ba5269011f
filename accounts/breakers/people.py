"""Broken on purpose: people and their weddings."""

from datetime import timedelta

from django.db.models.functions import Now

from accounts.breakers.couple import a_couple
from accounts.models import (
    Address,
    Member,
    Profile,
    User,
    Wedding,
    WeddingStats,
)
from integrity.selftest import breaker, unguarded


@breaker("accounts.every_user_has_a_profile")
@breaker("accounts.as_many_profiles_as_users")
def take_a_profile_away() -> None:
    couple = a_couple()
    with unguarded("accounts_profile"):
        Profile.objects.filter(user=couple).delete()


@breaker("accounts.every_profile_has_a_user")
def leave_a_profile_behind() -> None:
    a_couple()
    with unguarded("accounts_profile"):
        Profile.objects.create(user_id=2**40, email="selftest@example.com")


@breaker("accounts.every_couple_has_a_wedding")
def take_a_wedding_away() -> None:
    couple = a_couple()
    with unguarded("accounts_member", "accounts_weddingstats", "accounts_wedding"):
        wedding = couple.membership.wedding
        Member.objects.filter(user=couple).delete()
        WeddingStats.objects.filter(wedding=wedding).delete()
        Wedding.objects.filter(pk=wedding.pk).delete()


@breaker("accounts.every_open_wedding_has_a_member")
def desert_a_wedding() -> None:
    with unguarded("accounts_wedding"):
        WeddingStats.objects.create(wedding=Wedding.objects.create())


@breaker("accounts.every_wedding_has_stats")
def take_stats_away() -> None:
    couple = a_couple()
    with unguarded("accounts_weddingstats"):
        WeddingStats.objects.filter(wedding__members__user=couple).delete()


@breaker("accounts.profile_has_the_users_email")
def change_the_copy() -> None:
    Profile.objects.filter(user=a_couple()).update(email="another@example.com")


@breaker("accounts.profile_knows_whether_verified")
def claim_to_be_verified() -> None:
    Profile.objects.filter(user=a_couple()).update(email_verified=True)


@breaker("accounts.primary_address_is_the_users_email")
def demote_the_address() -> None:
    Address.objects.filter(user=a_couple()).update(primary=False)


@breaker("accounts.every_email_is_canonical")
def spell_an_email_otherwise() -> None:
    couple = a_couple()
    with unguarded("accounts_user"):
        User.objects.filter(pk=couple.pk).update(email="Selftest@Example.com")


@breaker("accounts.every_address_is_canonical")
def spell_an_address_otherwise() -> None:
    Address.objects.filter(user=a_couple()).update(email="Selftest@Example.com")


@breaker("accounts.no_wizard_is_half_made")
def forget_the_name() -> None:
    couple = a_couple()
    with unguarded("accounts_profile"):
        Profile.objects.filter(user=couple).update(step=1)


@breaker("accounts.whoever_begins_the_wizard_finishes_it")
def stop_half_way() -> None:
    joined = Now() - timedelta(days=100)
    couple = a_couple()
    Profile.objects.filter(user=couple).update(step=1, name="Ada", date_joined=joined)


@breaker("accounts.whoever_leaves_is_being_deleted")
def leave_and_stay_for_ever() -> None:
    User.objects.filter(pk=a_couple().pk).update(leaving_since=Now())
