"""`manage.py personal_data`: what is personal, and whether it is gone."""

import sys
from typing import Any

from integrity import cli
from integrity.privacy import document, residue_of, residue_under_seal
from integrity.privacy.columns import unclassified, unclassified_in_the_database
from integrity.privacy.needles import TooShort
from integrity.sealed import UnreadableSeal


class Command(cli.VerbCommand):
    help = "What each column holds of people, and where somebody's words still lie."

    def add_verbs(self) -> None:
        self.add_verb("list", "Every classified column; ends with code 1 if one is missing.")
        self.add_verb("document", "docs/personal-data.md, from the declarations.")
        self.add_verb(
            "search", "Look for words in every table, sealed ones too: one a line on stdin."
        )

    def verb_list(self, options: dict[str, Any]) -> int:
        self.show(options, list(document.lines()))
        missing = {*unclassified(), *unclassified_in_the_database()}
        for column in sorted(missing):
            self.say(f"Nobody has said whether {column} is personal.")
        return cli.FOUND if missing else cli.HOLDS

    def verb_document(self, options: dict[str, Any]) -> int:
        self.stdout.write(document.as_markdown(), ending="")
        return cli.HOLDS

    def verb_search(self, options: dict[str, Any]) -> int:
        """Words of people don't belong into a shell's history or into the list of processes."""
        words = [line.strip() for line in sys.stdin if line.strip()]
        try:
            found = [*residue_of(words), *residue_under_seal(words)]
        except TooShort as error:
            raise cli.usage(str(error)) from error
        except UnreadableSeal as error:
            raise cli.unknown(str(error)) from error
        rows = [{"table": each.table, "column": each.column, "rows": each.rows} for each in found]
        self.show(options, rows)
        return cli.FOUND if found else cli.HOLDS
