"""What the management commands share: verbs, formats, tables and exit codes.

stdout carries the result only; everything else goes to stderr.
"""

import json
import math
import os
import signal
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    SystemCheckError,
)
from django.db import InterfaceError, OperationalError, ProgrammingError

from integrity.flows import AlreadyDone, Busy
from integrity.transactions import CommitNotConfirmed

HOLDS, FOUND, USAGE, UNKNOWN, REFUSED, INTERRUPTED = 0, 1, 2, 3, 4, 130
FORMS = ("table", "json", "ndjson")
MOST_DAYS = 10_000
Verb = Callable[[dict[str, Any]], int]


class VerbCommand(BaseCommand):
    """A command whose first argument is a verb: `verb_list` answers `manage.py outbox list`.

    Each verb returns its exit code. Subclasses add the verbs' arguments in `add_verbs`.
    """

    def add_arguments(self, parser: CommandParser) -> None:
        self._verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        self.add_verbs()

    def add_verbs(self) -> None:
        raise NotImplementedError

    def add_verb(self, name: str, help: str, *, more: Sequence[str] = ()) -> ArgumentParser:
        """Add a verb, with the options that each has.

        Args:
            more: forms in which it can show its result besides those of every verb.
        """
        verb: ArgumentParser = self._verbs.add_parser(name, help=help, description=help)
        # Django gives its options to the command only; people write them after the verb.
        verb.add_argument("-v", "--verbosity", type=int, choices=range(4), default=1)
        verb.add_argument("--traceback", action="store_true")
        verb.add_argument("--no-color", action="store_true")
        verb.add_argument("--format", choices=[*FORMS, *more], default="table")
        return verb

    def handle(self, *args: Any, **options: Any) -> None:
        verb: Verb = getattr(self, "verb_" + options["verb"].replace("-", "_"))
        try:
            code = verb(options)
        except Busy as error:
            raise refused(f"{error} is busy: nothing was changed. Try again.") from error
        except AlreadyDone as error:
            raise refused(f"{error} was done before; nothing was changed now.") from error
        except CommitNotConfirmed as error:
            raise unknown("It is saved as a whole or not at all; nobody could tell.") from error
        except (OperationalError, InterfaceError) as error:
            raise unknown(f"The database did not answer: {error}") from error
        except ProgrammingError as error:
            # A traceback's exit code would say that something was found.
            reason = str(error).partition("\n")[0]
            raise unknown(f"The database is not as this version needs it: {reason}") from error
        except KeyboardInterrupt:
            self.say("Stopped. What was not finished was not recorded.")
            code = INTERRUPTED
        if code != HOLDS:
            sys.exit(code)

    def check(self, *args: Any, **kwargs: Any) -> None:
        """A project that can't be checked proves nothing; Django's exit code would say "found"."""
        try:
            super().check(*args, **kwargs)
        except SystemCheckError as error:
            error.returncode = UNKNOWN
            raise

    def show(self, options: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> None:
        """Print rows as a table, as a JSON list, or as one JSON object a line."""
        if options["format"] == "json":
            self.stdout.write(json.dumps(rows, default=str, indent=2))
        elif options["format"] == "ndjson":
            for row in rows:
                self.stdout.write(json.dumps(row, default=str))
        else:
            self.stdout.write(table(rows))

    def show_one(self, options: Mapping[str, Any], row: Mapping[str, Any]) -> None:
        """Print one thing: a line for each of its facts, or as a JSON object."""
        if options["format"] != "table":
            indent = 2 if options["format"] == "json" else None
            self.stdout.write(json.dumps(row, default=str, indent=indent))
            return
        width = max(len(name) for name in row)
        for name, value in row.items():
            self.stdout.write(f"{name.replace('_', ' ').ljust(width)}  {_cell(value)}")

    def execute(self, *args: Any, **options: Any) -> Any:
        if os.environ.get("NO_COLOR") and not options.get("force_color"):
            options["no_color"] = True
        return super().execute(*args, **options)

    def say(self, text: str) -> None:
        # Django decides about colours by stdout, and stderr may go into a file.
        self.stderr.write(text, self.style.NOTICE if self.stderr.isatty() else str)


def usage(text: str) -> CommandError:
    return CommandError(text, returncode=USAGE)


def refused(text: str) -> CommandError:
    return CommandError(text, returncode=REFUSED)


def found(text: str) -> CommandError:
    return CommandError(text, returncode=FOUND)


def unknown(text: str) -> CommandError:
    return CommandError(text, returncode=UNKNOWN)


@contextmanager
def stoppable() -> Iterator[None]:
    """SIGTERM stops the block as Ctrl-C does, so that it can end its run."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def positive(text: str) -> int:
    """A type for arguments that count something."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def days(text: str) -> int:
    """A type for periods: so many that any moment less or more of them is still a date."""
    number = positive(text)
    if number > MOST_DAYS:
        raise ArgumentTypeError(f"{text} days are more than {MOST_DAYS}")
    return number


def seconds(text: str) -> float:
    """A type for times. PostgreSQL takes nothing below a millisecond, and 0 as "no limit"."""
    number = float(text)
    if not 0.001 <= number < math.inf:
        raise ValueError
    return number


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Columns as wide as their widest cell; the keys of the first row are the headings."""
    if not rows:
        return "none"
    headings = list(rows[0])
    lines = [[heading.replace("_", " ").upper() for heading in headings]]
    lines += [[_cell(row[heading]) for heading in headings] for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
