"""Management commands as a shell sees them: an exit code, standard output, standard error."""

from dataclasses import dataclass

import pytest
from django.core.management import get_commands, load_command_class


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


@pytest.fixture
def manage(capsys):
    def run(name: str, *arguments: object) -> Ended:
        command = load_command_class(get_commands()[name], name)
        code = 0
        try:
            command.run_from_argv(["manage.py", name, *map(str, arguments)])
        except SystemExit as end:
            code = end.code
        return Ended(code, *capsys.readouterr())

    return run
