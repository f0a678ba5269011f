"""Pages of the admin that show no table: they have addresses and permissions as models have."""

from django.db import models


class Page(models.Model):
    """No table, no rows."""

    class Meta:
        abstract = True
        managed = False
        default_permissions = ("view",)


class Overview(Page):
    class Meta(Page.Meta):
        verbose_name_plural = "overview"

    def __str__(self) -> str:
        return "overview"


class Repair(Page):
    """One declared repair; what it planned and did are `RepairPlan`s."""

    name = models.TextField(primary_key=True)

    def __str__(self) -> str:
        return self.name


class Invariant(Page):
    """One declared invariant; its declaration is code, what it came to are `RunResult`s."""

    name = models.TextField(primary_key=True)

    class Meta(Page.Meta):
        permissions = [("run_check", "Can run checks")]

    def __str__(self) -> str:
        return self.name
