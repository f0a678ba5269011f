# ruff: noqa: DJ001 - NULL is what drift is about
"""A small project that uses integrity. Nothing in its database keeps any promise."""

import uuid

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models.functions import Now


class Author(models.Model):
    email = models.TextField(null=True)
    country = models.TextField(null=True)
    joined_at = models.DateTimeField(db_default=Now())

    def __str__(self):
        return str(self.pk)


class Page(models.Model):
    """The author's page, with a copy and two counters."""

    author = models.OneToOneField(
        Author, models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="page"
    )
    email = models.TextField(null=True)
    books = models.IntegerField(default=0)
    words = models.IntegerField(default=0, null=True)

    def __str__(self):
        return str(self.pk)


class Book(models.Model):
    author = models.ForeignKey(
        Author, models.DO_NOTHING, null=True, db_constraint=False, related_name="books"
    )
    title = models.TextField(default="untitled")
    state = models.TextField(default="draft")
    words = models.IntegerField(default=0)
    changed_at = models.DateTimeField(db_default=Now())

    def __str__(self):
        return str(self.pk)


class Award(models.Model):
    key = models.UUIDField(primary_key=True, default=uuid.uuid4)

    def __str__(self):
        return str(self.pk)


class Note(models.Model):
    """A note on anything, by a key that is text."""

    kind = models.ForeignKey(ContentType, models.DO_NOTHING, db_constraint=False)
    target_key = models.TextField(null=True)
    target = GenericForeignKey("kind", "target_key")

    def __str__(self):
        return str(self.pk)


class Tag(models.Model):
    pk = models.CompositePrimaryKey("book_id", "word")
    book = models.ForeignKey(Book, models.DO_NOTHING, db_constraint=False)
    word = models.TextField()

    def __str__(self):
        return f"{self.book_id} {self.word}"


class Account(models.Model):
    """What a toy saga closes, here; and its letters, which go in chunks."""

    name = models.TextField(primary_key=True)
    state = models.TextField(default="open")
    letters = models.IntegerField(default=3)

    def __str__(self):
        return self.name


class Mailbox(models.Model):
    """The same account at the toy provider, and how often it was paid a refund."""

    name = models.TextField(primary_key=True)
    muted = models.BooleanField(default=False)
    removed = models.BooleanField(default=False)
    refunds = models.IntegerField(default=0)

    def __str__(self):
        return self.name


class Answer(models.Model):
    """What the toy provider answered to an idempotency key, for ever."""

    key = models.TextField(primary_key=True)
    failed = models.BooleanField(default=False)

    def __str__(self):
        return self.key
