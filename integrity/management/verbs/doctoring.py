"""`integrity doctor`: is all of it there and at work? The checklist of docs/deploy.md, run."""

from collections import Counter
from time import sleep
from typing import Any

from integrity import cli
from integrity.alerts import NoAddress, keys_of, send_test
from integrity.audit import command_actor
from integrity.examinations import FAILED, OK, UNKNOWN, Examined, chosen, examine
from integrity.models import OutboxMessage
from integrity.registry import UnknownName
from integrity.relay import deliver_due

# For a relay that took the test alert first: a mail server may think this long.
LOOKS, BETWEEN = 60, 0.25


class DoctorVerbs(cli.VerbCommand):
    def add_doctor_verb(self) -> None:
        verb = self.add_verb(
            "doctor",
            "Is all of it there and at work? Safe on production: it reads, and takes back what it"
            " tries, with a line in the audit log.",
        )
        verb.add_argument("names", nargs="*", metavar="ID|APP", help="default: all")
        verb.add_argument(
            "--alert",
            action="store_true",
            help="send a test alert first: the one thing that leaves the house",
        )

    def verb_doctor(self, options: dict[str, Any]) -> int:
        try:
            those = chosen(options["names"])
        except UnknownName as error:
            raise cli.usage(f"{error} See: manage.py integrity doctor") from error
        if options["alert"]:
            self._send_alert()
        found = list(examine(those))
        self.show(options, [_line(each, options["format"]) for each in found])
        if options["format"] == "table":
            self._say_what_to_do(found)
        counts = Counter(each.outcome.result for each in found)
        self.say(", ".join(f"{count} {result}" for result, count in sorted(counts.items())))
        return cli.FOUND if counts[FAILED] else cli.UNKNOWN if counts[UNKNOWN] else cli.HOLDS

    def _send_alert(self) -> None:
        """Delivered here and now, and nothing else is: whether a worker lives is another question."""
        try:
            alert = send_test(by=command_actor("integrity doctor"))
        except NoAddress:
            return  # the examination says so
        deliver_due(keys=keys_of(alert))
        self._await_the_relay(keys_of(alert))

    def _await_the_relay(self, keys: list[str]) -> None:
        """One that lives may have taken it before us."""
        taken = OutboxMessage.objects.filter(key__in=keys, state=OutboxMessage.State.LEASED)
        for _ in range(LOOKS):
            if not taken.exists():
                return
            sleep(BETWEEN)

    def _say_what_to_do(self, found: list[Examined]) -> None:
        steps = [each for each in found if each.outcome.result != OK]
        if steps:
            self.stdout.write("\nWhat to do next")
        for each in steps:
            self.stdout.write(f"{each.examination.name}  {each.outcome.do}")


def _line(each: Examined, format: str) -> dict[str, Any]:
    line = {
        "result": each.outcome.result,
        "examination": each.examination.name,
        "what": each.outcome.what,
    }
    if format == "table":
        return line
    return {**line, "title": each.examination.title, "do": each.outcome.do or None}
