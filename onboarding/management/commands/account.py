"""`manage.py account`: what support does for one account, by the functions that the site calls.

It lives at the top of the domain because its verbs reach from the account into the wizard.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError

from accounts.addresses.verification import (
    confirm_email,
    is_verified,
    resend_verification,
    waiting_address,
)
from accounts.emails import canonical_email
from accounts.errors import (
    AccountError,
    ChangeWaits,
    LinkNoLongerValid,
    NothingToVerify,
    UserNotFound,
)
from accounts.exporting.copies import ask_for_export
from accounts.leaving.deletion import GRACE_DAYS, Wish, keep, leave
from accounts.leaving.holding import STAYS_HELD, end_of, hold_on, lift_hold, place_hold
from accounts.lookup import find_user
from accounts.mail import link
from accounts.models import Kind, Profile, User
from accounts.operators import make_operator, set_groups
from accounts.signup import sign_up
from integrity import cli
from integrity.audit import Actor, command_actor
from onboarding.catalogue import INTEREST_SLUGS
from onboarding.interests import (
    InterestsNotSaved,
    InterestsRefused,
    replace_interests,
    wanted_interests,
)
from onboarding.wizard import WizardRefused, reopen

REFUSALS = (AccountError, InterestsRefused, InterestsNotSaved, WizardRefused)
Change = Callable[[User, Actor], object]


class Command(cli.VerbCommand):
    help = "Help a couple, or say what an operator may do. Each change is audited with its reason."

    def add_verbs(self) -> None:
        create = self.add_verb("create", "Add a couple; the mail they get leads to a password.")
        create.add_argument("email")
        self._add_reason(create)
        self._add_change("verify", "Take the address as proven, without its link.")
        self._add_change("resend", "Send the link to the waiting address once more.")
        interests = self._add_change("interests", "Replace what matters to the couple.")
        interests.add_argument(
            "categories", nargs="*", metavar="INTEREST", help=", ".join(INTEREST_SLUGS)
        )
        delete = self._add_change("delete", "Delete a couple's account, here and at every vendor.")
        delete.add_argument("--now", action="store_true", help="at once; it can't be taken back")
        delete.add_argument("--both", action="store_true", help="the partner's plan ends, too")
        self._add_change("keep", "Call off the deletion of an account.")
        self._add_change("export", "Make a copy of a couple's data, for them to download.")
        hold = self._add_change(
            "hold", "Keep an account from being deleted; replaces another hold."
        )
        hold.add_argument("--until", type=day, help="the last day, by UTC; else until released")
        self._add_change("release", "Lift the hold of an account; nothing is deleted by that.")
        self._add_change("reopen", "Lead the couple through the wizard once more.")
        self._add_operator_verbs()
        self._add_who(self.add_verb("show", "Show an account."))

    def _add_operator_verbs(self) -> None:
        make = self.add_verb("make-operator", "Add an operator, who may do what their groups may.")
        make.add_argument("email")
        self._add_reason(make)
        groups = self._add_change("groups", "Replace what an operator may do. Needs no new log-in.")
        groups.add_argument("--none", action="store_true", help="take all groups away")
        for verb in (make, groups):
            verb.add_argument(
                "--group",
                action="append",
                default=[],
                dest="groups",
                metavar="NAME",
                help="as it is called in the admin; may be repeated",
            )

    def _add_change(self, name: str, help: str) -> ArgumentParser:
        verb = self.add_verb(name, help)
        self._add_who(verb)
        self._add_reason(verb)
        return verb

    def _add_who(self, verb: ArgumentParser) -> None:
        verb.add_argument("who", metavar="EMAIL|UID")

    def _add_reason(self, verb: ArgumentParser) -> None:
        verb.add_argument("--reason", default="", help="why; asked for on a terminal")

    def verb_create(self, options: dict[str, Any]) -> int:
        by = self._actor(options)
        with refusals():
            user = sign_up(email=options["email"], password_hash=make_password(None), by=by)
        return self._show(user, options)

    def verb_verify(self, options: dict[str, Any]) -> int:
        return self._change(options, _verify)

    def verb_resend(self, options: dict[str, Any]) -> int:
        return self._change(options, lambda user, by: resend_verification(user=user, by=by))

    def verb_interests(self, options: dict[str, Any]) -> int:
        chosen = options["categories"]
        return self._change(
            options, lambda user, by: replace_interests(user=user, categories=chosen, by=by)
        )

    def verb_delete(self, options: dict[str, Any]) -> int:
        days = 0 if options["now"] else GRACE_DAYS
        wish = Wish(ends_wedding=options["both"], days=days)
        code = self._change(options, lambda user, by: self._delete(user, wish, by))
        self.say("`manage.py saga list` shows how far it is.")
        if days:
            self.say(f"It begins in {days} days; until then `account keep` calls it off.")
        return code

    def verb_keep(self, options: dict[str, Any]) -> int:
        return self._change(options, lambda user, by: keep(user=user, by=by))

    def verb_export(self, options: dict[str, Any]) -> int:
        code = self._change(options, lambda user, by: ask_for_export(user=user, by=by))
        self.say(f"They get a mail when it is ready, and download it at {link('accounts_export')}.")
        return code

    def verb_hold(self, options: dict[str, Any]) -> int:
        with refusals():
            until = end_of(options["until"]) if options["until"] else None
        return self._change(options, lambda user, by: place_hold(user=user, until=until, by=by))

    def verb_release(self, options: dict[str, Any]) -> int:
        return self._change(options, lambda user, by: lift_hold(user=user, by=by))

    def verb_reopen(self, options: dict[str, Any]) -> int:
        return self._change(options, lambda user, by: reopen(user=user, by=by))

    def verb_make_operator(self, options: dict[str, Any]) -> int:
        by = self._actor(options)
        with refusals():
            user = make_operator(
                email=canonical_email(options["email"]),
                password_hash=make_password(None),
                is_superuser=False,
                groups=options["groups"],
                by=by,
            )
        self.say(f"They choose a password at {link('account_reset_password')}, then log in.")
        return self._show(user, options)

    def verb_groups(self, options: dict[str, Any]) -> int:
        chosen = options["groups"]
        if bool(chosen) == options["none"]:
            raise cli.usage("Name each group by --group NAME, or take all of them away by --none.")
        return self._change(options, lambda user, by: set_groups(user=user, groups=chosen, by=by))

    def verb_show(self, options: dict[str, Any]) -> int:
        return self._show(_find(options), options)

    def _change(self, options: dict[str, Any], change: Change) -> int:
        user, by = _find(options), self._actor(options)
        with refusals():
            change(user, by)
        return self._show(user, options)

    def _delete(self, user: User, wish: Wish, by: Actor) -> None:
        leave(user=user, wish=wish, by=by)
        if hold_on(user):
            self.say(STAYS_HELD)

    def _actor(self, options: dict[str, Any]) -> Actor:
        reason = options["reason"].strip()
        if not reason and sys.stdin.isatty():
            self.stderr.write("Why? ", ending="")
            reason = input().strip()
        if not reason:
            raise cli.usage("Say why: --reason TEXT")
        return command_actor(reason)

    def _show(self, user: User, options: dict[str, Any]) -> int:
        facts = _facts(user)
        if options["format"] == "table":
            facts["interests"] = " ".join(facts["interests"]) or None
            facts["groups"] = ", ".join(facts["groups"]) or None
        self.show(options, [facts])
        return cli.HOLDS


@contextmanager
def refusals() -> Iterator[None]:
    """What a rule refuses ends with code 4, and what was mistyped with code 2."""
    try:
        yield
    except ValidationError as error:
        raise cli.usage(" ".join(error.messages)) from error
    except LinkNoLongerValid as error:
        raise cli.refused(
            "Another account has this address by now, or it waits no more."
        ) from error
    except REFUSALS as error:
        raise cli.refused(str(error)) from error


def day(text: str) -> date:
    """A type for arguments, such as 2027-05-17; its name is in the error."""
    return date.fromisoformat(text)


def _find(options: dict[str, Any]) -> User:
    try:
        return find_user(options["who"])
    except UserNotFound as error:
        raise cli.usage(str(error)) from error
    except AccountError as error:
        raise cli.refused(str(error)) from error


def _verify(user: User, by: Actor) -> None:
    """Who mistyped their address and gave another one waits at that one. The address of a verified
    account is changed by its link only."""
    waiting = waiting_address(user)
    if waiting is None:
        raise NothingToVerify
    if is_verified(user):
        raise ChangeWaits
    confirm_email(user=user, email=waiting.email, by=by)


def _facts(user: User) -> dict[str, Any]:
    profile = Profile.objects.select_related("user").get(user=user)
    leaving, hold = profile.user.leaving_since, hold_on(user)
    return {
        "uid": str(user.uid),
        "kind": profile.user.kind,
        "email": profile.email,
        "verified": profile.email_verified,
        "active": profile.user.is_active,
        "leaving_since": leaving and leaving.isoformat(),
        "held": hold is not None,
        "held_until": hold and hold.until and hold.until.isoformat(),
        "steps_done": profile.step if profile.user.kind == Kind.COUPLE else None,
        "onboarded_at": profile.onboarded_at and profile.onboarded_at.isoformat(),
        "interests": wanted_interests(user),
        "groups": list(user.groups.order_by("name").values_list("name", flat=True)),
    }
