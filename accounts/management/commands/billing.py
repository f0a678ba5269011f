"""`manage.py billing compare`: what Stripe lists, held against what is here."""

from typing import Any

from accounts.billing.comparing import (
    DAYS,
    NotComparable,
    NothingToCompare,
    Overtaken,
    compare_with_stripe,
)
from accounts.billing.differences import to_be_confirmed
from accounts.clients.outcomes import Rejected, VendorError
from accounts.invariants.comparing import AGREES, HERE, LISTED
from accounts.models import Comparison
from integrity import cli
from integrity.audit import command_actor
from integrity.invariants import invariants

SAID = {
    HERE: "Of Stripe's events, {} never came. To take them over:",
    AGREES: "Of Stripe's subscriptions, {} are otherwise here. To take over how they are:",
    LISTED: "Of the subscriptions that run here, Stripe lists {} not. To ask about each:",
}
ONCE = (
    "{} differences between the subscriptions were found for the first time, and may have been met"
    " on their way. The next comparison tells: call this again, or wait for half an hour."
)


class Command(cli.VerbCommand):
    help = "Payments and subscriptions, held against Stripe's own lists."

    def add_verbs(self) -> None:
        compare = self.add_verb("compare", "Read Stripe's lists to their end; say what differs.")
        compare.add_argument("--days", type=cli.days, default=DAYS, help="of events")

    def verb_compare(self, options: dict[str, Any]) -> int:
        """For a plain cron too. Stopped half-way it is unknown; called again, it goes on."""
        try:
            comparison = compare_with_stripe(by=command_actor(), days=options["days"])
        except (NothingToCompare, Overtaken) as error:
            raise cli.refused(str(error)) from error
        except NotComparable as error:
            raise cli.unknown(str(error)) from error
        except VendorError as error:
            raise cli.unknown(f"{error}. {_what_to_do(error)}") from error
        return self._tell(options, comparison)

    def _tell(self, options: dict[str, Any], comparison: Comparison) -> int:
        wrong = {name: invariants.get(name).violations().count() for name in SAID}
        told = {"since": comparison.since, "read": comparison.read}
        found = {"missed": wrong[HERE], "differing": wrong[AGREES], "not_listed": wrong[LISTED]}
        new = to_be_confirmed()
        self.show(options, [told | found | {"found_once": new}])
        for name, count in wrong.items():
            if count:
                self.say(f"{SAID[name].format(count)} manage.py integrity plan {name}")
        if new:
            self.say(ONCE.format(new))
        return cli.FOUND if any(wrong.values()) else cli.HOLDS


def _what_to_do(error: VendorError) -> str:
    if isinstance(error, Rejected):
        return "Stripe refuses to list them: is STRIPE_API_KEY right, and may it read them?"
    return "What was read is kept; call this again to go on."
