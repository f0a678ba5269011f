"""Verbs of `manage.py saga` that carry what was ended for good over a restore: see integrity.saga.replay."""

from pathlib import Path
from typing import Any

from integrity import cli
from integrity.management.verbs.sagas import by
from integrity.saga.control import NoReason
from integrity.saga.replay import NotALine, NotAllSeen, Replay, Todo, replays
from integrity.saga.replay_file import CUT_OFF, as_lines, in_file, is_whole


class TombstoneVerbs(cli.VerbCommand):
    def add_tombstones(self) -> None:
        export = self.add_verb("export-tombstones", "What was ended for good, to keep by a backup.")
        export.add_argument(
            "--to", metavar="FILE", help="replaced once all is written; else stdout"
        )
        replay = self.add_verb("replay-tombstones", "After a restore: end it again. See --apply.")
        replay.add_argument(
            "--from", dest="file", metavar="FILE", help="the newest export there is"
        )
        replay.add_argument("--apply", action="store_true", help="do it; without, only say what")
        replay.add_argument("--reason", default="", help="why; needed to apply")

    def verb_export_tombstones(self, options: dict[str, Any]) -> int:
        """Lines of JSON, whatever the format: that is what is read again."""
        if options["to"] is None:
            for line in as_lines():
                self.stdout.write(line, ending="")
            return cli.HOLDS
        unfinished, lines = Path(f"{options['to']}.unfinished"), 0
        try:
            with unfinished.open("w", encoding="utf-8") as file:
                for line in as_lines():
                    file.write(line)
                    lines += 1
            unfinished.replace(options["to"])
        except OSError as error:
            raise cli.usage(str(error)) from error
        # The last one only says how many there are.
        self.say(f"{lines - 1:,} written.")
        return cli.HOLDS

    def verb_replay_tombstones(self, options: dict[str, Any]) -> int:
        if options["apply"] and not options["reason"].strip():
            raise cli.usage(NoReason.__doc__ or "")
        found: list[tuple[Replay, Todo]] = []
        code = cli.HOLDS
        try:
            if options["file"] and not is_whole(options["file"]):
                self.say(CUT_OFF)
                code = cli.UNKNOWN
            for each in replays:
                try:
                    for todo in each.look(in_file(options["file"], of=each.name)):
                        found.append((each, todo))
                except NotAllSeen as error:
                    self.say(str(error))
                    code = cli.UNKNOWN
        except (NotALine, OSError) as error:
            raise cli.usage(f"{options['file']}: {error}") from error
        return self._replay(found, options, code)

    def _replay(self, found: list[tuple[Replay, Todo]], options: dict[str, Any], code: int) -> int:
        done = 0
        self.show(options, [{"subject": todo.subject, "to_do": todo.what} for _, todo in found])
        if not options["apply"]:
            if found or code == cli.HOLDS:
                self.say("To do it: --apply --reason ..." if found else "Nothing is to be done.")
            return cli.FOUND if found else code
        try:
            with cli.stoppable():
                for each, todo in found:
                    each.again(todo, by(options))
                    done += 1
        except KeyboardInterrupt:
            code = cli.INTERRUPTED
            self.say("Stopped. Call it again, and it goes on from here.")
        self.say(f"{done:,} of {len(found):,} begun; manage.py saga list says how far they are.")
        return code
