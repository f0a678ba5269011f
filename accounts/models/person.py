"""The page about one person: it has an address and permissions, and no table."""

from django.db import models

from integrity.models.desk import Page


class Person(Page):
    uid = models.UUIDField(primary_key=True)

    class Meta(Page.Meta):
        verbose_name_plural = "people"
        permissions = [("reveal_person", "Can see a person's data unmasked")]

    def __str__(self) -> str:
        return str(self.uid)
