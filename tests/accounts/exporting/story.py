"""Somebody asks for a copy of their data, and opens it."""

import csv
import io
import json
from zipfile import ZipFile

from accounts.actors import acting
from accounts.exporting.copies import ask_for_export, content_of, ready_export
from integrity.models import SagaSecret
from tests.accounts.leaving.story import run_to_the_end


def ask(user, by=None, **how):
    return ask_for_export(user=user, by=by or acting(user), **how)


def make(user):
    """The copy, made to its end."""
    assert run_to_the_end(ask(user)) == "completed"
    return ready_export(user)


def opened(export):
    """Each file in it, by its name, as text."""
    content = b"".join(content_of(export))
    assert len(content) == export.size
    with ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}


def tables(files):
    return json.loads(files["data.json"])["tables"]


def rows(files, table):
    return list(csv.DictReader(io.StringIO(files[f"csv/{table}.csv"], newline="")))


def assert_nothing_is_kept(user):
    """Of a copy that isn't ready."""
    assert not user.exports.exists()
    assert not SagaSecret.objects.exists()
