"""`manage.py adopt_identities`: whoever the identity provider knows gets an account here."""

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable
from typing import Any

from accounts.adopting import (
    Line,
    NoProvider,
    ReadElsewhere,
    What,
    adopt_identities,
    look_for_adoptions,
)
from accounts.clients.outcomes import VendorError
from integrity import cli
from integrity.audit import command_actor

WORDS = {
    What.KNOWN: "has its account here",
    What.ADOPTED: "had no account here, and has one now",
    What.ADOPTED_OFF: "had no account here; has one now that is switched off, as it is banned there",
    What.TO_ADOPT: "has no account here, and would get one",
    What.OTHERWISE: "has another address than its account here, or lacks the proof of it",
    What.DELETED_HERE: "is of an account that was deleted here: remove it at the provider",
    What.ADDRESS_TAKEN: "has no account here, and another account here has its address",
    What.NO_ADDRESS: "has no account here, and no e-mail address that one could have",
    What.NOT_THERE: "is the id of an account here that has no identity at the provider",
}
FINE = (What.KNOWN, What.ADOPTED, What.ADOPTED_OFF)


class Command(cli.VerbCommand):
    help = (
        "Read all identities at the provider, page by page. Make the accounts that are missing here:"
        " no mail is sent, and their owners log in after a reset of the password; who is banned there"
        " is switched off here. Say what doesn't fit."
        " May be stopped and called again at any time; what is there already is left as it is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.set_defaults(verb="adopt")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
        parser.add_argument("--format", choices=cli.FORMS, default="table")
        parser.add_argument("--reason", default="", help="why; kept with each account that is made")

    def verb_adopt(self, options: dict[str, Any]) -> int:
        if options["dry_run"]:
            return self._read(look_for_adoptions(), options, again="Call this again.")
        found = adopt_identities(by=command_actor(options["reason"]))
        return self._read(found, options, again="Call this again, and it goes on from here.")

    def _read(self, found: Iterable[Line], options: dict[str, Any], *, again: str) -> int:
        lines: list[Line] = []
        try:
            with cli.stoppable():
                lines.extend(found)
            code = cli.HOLDS
        except NoProvider as error:
            raise cli.refused(str(error)) from error
        except (ReadElsewhere, VendorError) as error:
            self.say(f"{error}. Not all were read, so nobody can say what is missing. {again}")
            code = cli.UNKNOWN
        except KeyboardInterrupt:
            self.say(f"Stopped. Not all were read, so nobody can say what is missing. {again}")
            code = cli.INTERRUPTED
        self._tell(lines, options)
        wrong = any(each.what not in FINE for each in lines)
        # What was found is found, however little was read.
        return cli.FOUND if wrong and code != cli.INTERRUPTED else code

    def _tell(self, lines: list[Line], options: dict[str, Any]) -> None:
        """Each that isn't known, and how many there are of each kind."""
        self.show(
            options,
            [
                {"identity": str(each.id), "result": each.what.value, "means": WORDS[each.what]}
                for each in lines
                if each.what != What.KNOWN
            ],
        )
        for what, count in Counter(each.what for each in lines).most_common():
            self.say(f"{count:,} {what.value.replace('_', ' ')}: {WORDS[what]}")
        if any(each.what in (What.OTHERWISE, What.NOT_THERE) for each in lines):
            self.say("To tell the provider: manage.py integrity plan accounts.make_identities")
