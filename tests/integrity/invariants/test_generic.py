import uuid

import pytest
from django.contrib.contenttypes.models import ContentType

from integrity.evaluate import evaluate
from integrity.invariants import OrphanedGenericForeignKey
from tests.integrity.toy.models import Author, Award, Note

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def checked(declared):
    declared(OrphanedGenericForeignKey("toy.notes_have_targets", model="toy.Note", field="target"))
    return lambda: evaluate().results[0]


def note(model, key):
    return Note.objects.create(kind=ContentType.objects.get_for_model(model), target_key=key)


def test_finds_the_note_whose_target_is_gone_whatever_its_key_is(checked):
    author, award = Author.objects.create(), Award.objects.create()
    note(Author, author.pk)
    note(Award, award.pk)
    note(Award, None)
    orphans = [note(Author, author.pk + 1), note(Award, uuid.uuid4()), note(Author, "no number")]
    assert checked().keys == [str(each.pk) for each in orphans]


def test_finds_the_note_on_a_model_that_is_gone(checked):
    kind = ContentType.objects.create(app_label="toy", model="removed")
    lost = Note.objects.create(kind=kind, target_key="1")
    assert checked().keys == [str(lost.pk)]


def test_is_unknown_when_a_table_they_point_to_is_empty(checked):
    note(Author, 1)
    assert (checked().result, checked().reason) == ("unknown", "toy.Author is empty")


def test_holds_without_any_note(checked):
    assert checked().result == "holds"
