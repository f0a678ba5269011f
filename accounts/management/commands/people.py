"""`manage.py people compare`: the lists of people at other systems, held against what is here."""

from typing import Any

from accounts.clients.outcomes import Rejected, VendorError
from accounts.elsewhere.listing import NotConfigured, Side, Superseded, read_list
from accounts.elsewhere.people import SIDES
from accounts.invariants.listing import ListedElsewhere
from accounts.models import Difference, Listing
from integrity import cli
from integrity.audit import command_actor
from integrity.evaluate import evaluate
from integrity.invariants import invariants
from integrity.repair import repairs_of

Row = dict[str, Any]
READ, NOT_CONFIGURED = "read", "not configured"


class Command(cli.VerbCommand):
    help = "People at other systems, held against those who are here."

    def add_verbs(self) -> None:
        compare = self.add_verb("compare", "Read the lists to their end; say who is otherwise.")
        compare.add_argument(
            "lists",
            nargs="*",
            metavar="list",
            choices=[[], *Listing.Of.values],
            default=[],
            help="identities or contacts; both, if none is named",
        )

    def verb_compare(self, options: Row) -> int:
        """For a plain cron too. Stopped half-way it is unknown; called again, it goes on."""
        sides = [SIDES[Listing.Of(name)] for name in options["lists"] or Listing.Of.values]
        try:
            with cli.stoppable():
                rows = [self._compare(side) for side in sides]
        except KeyboardInterrupt:
            self.say("Stopped. What was read is kept; call this again to go on.")
            return cli.INTERRUPTED
        self.show(options, rows)
        if all(row["result"] == NOT_CONFIGURED for row in rows):
            raise cli.refused("There is nothing to compare with.")
        found = self._say_what_is_found(
            [side for side, row in zip(sides, rows, strict=True) if row["result"] == READ]
        )
        if found == cli.HOLDS and any(row["result"] not in (READ, NOT_CONFIGURED) for row in rows):
            return cli.UNKNOWN
        return found

    def _compare(self, side: Side) -> Row:
        told: Row = {"list": side.of.value, "result": READ, "read": None, "differing": None}
        try:
            listing = read_list(side, by=command_actor())
        except NotConfigured as error:
            self.say(str(error))
            return told | {"result": NOT_CONFIGURED}
        except Superseded as error:
            self.say(f"{side.vendor}: {error}")
            return told | {"result": "read elsewhere"}
        except VendorError as error:
            self.say(f"{side.vendor}: {error}. {_what_to_do(error, side)}")
            return told | {"result": "not read to its end"}
        differing = Difference.objects.filter(of=side.of).count()
        return told | {"read": listing.read, "differing": differing}

    def _say_what_is_found(self, sides: list[Side]) -> int:
        """Of the lists that were read to their end. A finding tells more than what is unknown."""
        names = [each.name for side in sides for each in invariants if _is_of(each, side)]
        results = evaluate(names, current=True).results if names else []
        for result in results:
            if result.suspected:
                self.say(f"{result.suspected:,} suspected, look again later: {_said(result)}")
            if result.count:
                self.say(f"{result.count:,} otherwise: {_said(result)}{_how(result)}")
        for reason in dict.fromkeys(each.reason for each in results if each.result == "unknown"):
            self.say(f"Nobody can tell yet: {reason}")
        if any(each.count for each in results):
            return cli.FOUND
        return cli.UNKNOWN if any(each.result == "unknown" for each in results) else cli.HOLDS


def _is_of(declared: Any, side: Side) -> bool:
    return isinstance(declared, ListedElsewhere) and declared.of == side.of


def _said(result: Any) -> str:
    return f"{result.invariant.statement} {result.invariant.name}"


def _how(result: Any) -> str:
    name = result.invariant.name
    if repairs_of(name):
        return f"\n  To set it right: manage.py integrity plan {name}"
    return f"\n  What to do: {result.invariant.runbook}"


def _what_to_do(error: VendorError, side: Side) -> str:
    if isinstance(error, Rejected):
        return f"The list is refused: are its settings right? {side.set_first}"
    return "What was read is kept; call this again to go on."
