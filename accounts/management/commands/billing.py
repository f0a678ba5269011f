"""`manage.py billing compare`: what Stripe lists, held against what is here."""

from typing import Any

from accounts.clients.outcomes import VendorError
from accounts.comparing import DAYS, NothingToCompare, Overtaken, compare_with_stripe
from accounts.invariants_comparing import AGREES, HERE
from integrity import cli
from integrity.audit import command_actor
from integrity.invariants import invariants


class Command(cli.VerbCommand):
    help = "Payments and subscriptions, held against Stripe's own lists."

    def add_verbs(self) -> None:
        compare = self.add_verb("compare", "Read Stripe's lists to their end; say what differs.")
        compare.add_argument("--days", type=cli.positive, default=DAYS, help="of events")

    def verb_compare(self, options: dict[str, Any]) -> int:
        """For a plain cron too. Stopped half-way it is unknown; called again, it goes on."""
        try:
            comparison = compare_with_stripe(by=command_actor(), days=options["days"])
        except (NothingToCompare, Overtaken) as error:
            raise cli.refused(str(error)) from error
        except VendorError as error:
            self.say(f"{error}. What was read is kept; call this again to go on.")
            return cli.UNKNOWN
        missed, differing = (invariants.get(name).violations().count() for name in (HERE, AGREES))
        self.show(options, [{"read": comparison.read, "missed": missed, "differing": differing}])
        return cli.FOUND if missed or differing else cli.HOLDS
