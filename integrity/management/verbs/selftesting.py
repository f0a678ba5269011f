"""`integrity selftest`: break every invariant on purpose, and see that it is found and mended."""

from dataclasses import asdict
from typing import Any

from integrity import cli
from integrity.registry import UnknownName
from integrity.selftest.examine import Examined
from integrity.selftest.run import selftest


class SelftestVerbs(cli.VerbCommand):
    def add_selftest_verbs(self) -> None:
        verb = self.add_verb(
            "selftest", "Break each invariant on a database made for it; see it found and mended."
        )
        verb.add_argument("names", nargs="*", metavar="ID|APP", help="default: all")

    def verb_selftest(self, options: dict[str, Any]) -> int:
        self.say("On a database of its own; yours is not touched.")
        try:
            with cli.stoppable():
                results = selftest(options["names"], watch=self._tell)
        except UnknownName as error:
            raise cli.usage(f"{error} See: manage.py integrity list") from error
        self.show(options, [_line(each) for each in results])
        return cli.FOUND if any(each.problems for each in results) else cli.HOLDS

    def _tell(self, examined: Examined) -> None:
        if self.stderr.isatty():
            self.say(f"{examined.invariant}: {'; '.join(examined.problems) or 'does what it says'}")


def _line(each: Examined) -> dict[str, Any]:
    return {**asdict(each), "problems": "; ".join(each.problems) or None}
