"""What couples do: interests and tasks, with the verbs that help a couple along."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.admin.facts import AccountFacts, ReadOnlyInline, link
from accounts.admin.users import UserAdmin
from accounts.admin.weddings import WeddingAdmin
from accounts.models import Member, User, Wedding
from integrity.admin.verbs import ReasonForm, may, verb
from integrity.audit import Actor
from onboarding.catalogue import INTERESTS, label_of
from onboarding.checklist import TaskNotFound, complete_task, undo_task
from onboarding.interests import (
    InterestsNotSaved,
    InterestsRefused,
    replace_interests,
    wanted_interests,
)
from onboarding.models import Interest, Milestone, Task
from onboarding.wizard import WizardRefused, reopen


class InterestsForm(ReasonForm):
    categories = forms.MultipleChoiceField(
        label="Interests",
        choices=[(interest.slug, interest.label) for interest in INTERESTS],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Three to five.",
    )
    field_order = ["categories", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["categories"] = wanted_interests(self.target)


class InterestInline(ReadOnlyInline):
    model = Interest
    fields = ["interest"]

    @admin.display(description="chosen")
    def interest(self, row: Interest) -> str:
        return label_of(row.category)


class TaskInline(ReadOnlyInline):
    model = Task
    fields = ["task", "due_date", "status", "completed_at"]
    ordering = ["position"]

    @admin.display(description="title")
    def task(self, task: Task) -> str:
        return link(task.title, page="onboarding_task_change", pk=task.pk)


class MilestoneInline(ReadOnlyInline):
    model = Milestone
    fields = ["key", "reached_at"]


class CoupleAdmin(UserAdmin):
    """The account's page, with what the couple chose and how far they came."""

    inlines = [*UserAdmin.inlines, InterestInline]
    actions_detail = [*UserAdmin.actions_detail, "set_interests", "reopen_wizard"]
    has_set_interests_permission = may("onboarding.set_interests")
    has_reopen_wizard_permission = may("onboarding.reopen_wizard")

    @verb(
        permission="set_interests",
        title="Set the interests",
        explain="Replaces what matters to the couple, all at once.",
        submit="Set the interests",
        form=InterestsForm,
        refusals=(InterestsRefused, InterestsNotSaved),
    )
    def set_interests(self, user: User, form: ReasonForm, by: Actor) -> str:
        saved = replace_interests(user=user, categories=form.cleaned_data["categories"], by=by)
        if saved.prune_failed:
            return "The new interests are saved; the old ones go with the next save or repair."
        return f"The interests are set: {len(saved.added)} new, {len(saved.removed)} removed."

    @verb(
        permission="reopen_wizard",
        title="Reopen the wizard",
        explain="Leads the couple through the three steps once more. Answers, tasks and"
        " milestones stay.",
        submit="Reopen the wizard",
        refusals=(WizardRefused,),
    )
    def reopen_wizard(self, user: User, form: ReasonForm, by: Actor) -> str:
        reopen(user=user, by=by)
        return "The couple is led through the wizard at their next visit."


class PlannedWeddingAdmin(WeddingAdmin):
    inlines = [*WeddingAdmin.inlines, TaskInline, MilestoneInline]


@admin.register(Task)
class TaskAdmin(AccountFacts):
    list_display = ["title", "category", "due_date", "status", "completed_at", "of_wedding"]
    list_filter = ["status", "category"]
    search_fields = ["uid", "wedding__uid"]
    search_help_text = "The whole id of a task or of a wedding."
    ordering = ["-pk"]
    actions_detail = ["tick", "untick"]
    has_tick_task_permission = may("onboarding.tick_task")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        tasks: QuerySet[Task] = super().get_queryset(request)
        return tasks.select_related("wedding")

    @admin.display(description="wedding")
    def of_wedding(self, task: Task) -> str:
        """Enough of its id to tell it from others, on one line."""
        return f"{task.wedding.uid}"[:8]

    @verb(
        permission="tick_task",
        title="Tick this task",
        explain="Marks it as done for the couple. Reaching a milestone sends its mail, once.",
        submit="Tick the task",
        refusals=(TaskNotFound,),
    )
    def tick(self, task: Task, form: ReasonForm, by: Actor) -> str:
        ticked = complete_task(task_uid=task.uid, by_user=_member(task.uid), by=by)
        return "The task is done." if ticked.changed else "The task was done already."

    @verb(
        permission="tick_task",
        title="Open this task again",
        explain="Takes the tick back. Milestones that were reached stay reached.",
        submit="Open the task",
        refusals=(TaskNotFound,),
    )
    def untick(self, task: Task, form: ReasonForm, by: Actor) -> str:
        ticked = undo_task(task_uid=task.uid, by_user=_member(task.uid), by=by)
        return "The task is open again." if ticked.changed else "The task was open already."


def _member(task_uid: UUID) -> User:
    """Who the operator acts for: the first member of the task's wedding."""
    members = Member.objects.filter(wedding__tasks__uid=task_uid).select_related("user")
    member = members.order_by("pk").first()
    if member is None:
        raise TaskNotFound(TaskNotFound.__doc__)
    return member.user


for model, page in ((User, CoupleAdmin), (Wedding, PlannedWeddingAdmin)):
    admin.site.unregister(model)
    admin.site.register(model, page)
