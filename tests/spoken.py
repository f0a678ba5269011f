"""What pages for operators tell them to type: commands that are there, and SQL that fits."""

import re
import shlex

from django.core.management import get_commands, load_command_class
from django.db import connection, transaction

from integrity.invariants import invariants
from integrity.outbox import effects

UID = "5b1f2f3e-3c27-4c2e-9d5c-0a4a5d3b8f11"
PLACEHOLDERS = {
    r"\$(FINDING|PLAN|MESSAGE|SAGA)|<(uid|plan|finding)>": UID,
    r"\$INVARIANT|<invariant>": "accounts.every_user_has_a_profile",
    r"\$PERSON": "ada@example.com",
}
NAME = re.compile(r"(?:accounts|onboarding|integrity)\.\w+")


def assert_it_can_be_typed(text):
    for name, *words in commands(text):
        command = load_command_class(get_commands()[name], name)
        command.create_parser("manage.py", name).parse_args(words)
        if name in ("integrity", "outbox"):
            named = {word for word in words if NAME.fullmatch(word)}
            assert named <= {*invariants.names(), *effects.names()}, words


def assert_it_fits_the_tables(text):
    for statement in statements(text):
        if statement not in ("BEGIN", "COMMIT"):
            kept = transaction.savepoint()
            with connection.cursor() as cursor:
                cursor.execute(statement)
            transaction.savepoint_rollback(kept)


def commands(text):
    """What stands after `manage.py`, in a block of shell or within a sentence."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    spoken = re.findall(r"`(manage\.py [^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for line in [*"\n".join(blocks).splitlines(), *spoken]:
        for placeholder, value in PLACEHOLDERS.items():
            line = re.sub(placeholder, value, line)
        if words := shlex.split(line):
            assert words[0] == "manage.py", line
            yield words[1:]


def statements(text):
    for block in re.findall(r"```sql\n(.*?)```", text, re.DOTALL):
        yield from (each.strip() for each in block.split(";") if each.strip())
