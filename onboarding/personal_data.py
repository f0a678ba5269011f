"""What the couple do, and how it is handed out and goes."""

from integrity.privacy import hold

OF_THE_WEDDING = "Goes with the wedding, when the last of the couple leaves."

hold(
    "onboarding.Interest",
    title="What matters to you",
    of="user",
    personal=("category", "chosen_at"),
    erased="The rows go with the account.",
)
hold(
    "onboarding.Task",
    title="Your checklist",
    of="wedding__members__user",
    personal=("title", "category", "due_date", "status", "completed_at", "position"),
    erased=OF_THE_WEDDING,
    neither={"uid": "an id that is drawn at random", "template": "a name of our catalogue"},
)
hold(
    "onboarding.Milestone",
    title="Your milestones",
    of="wedding__members__user",
    personal=("key", "tasks_done", "tasks_total", "reached_at"),
    erased=OF_THE_WEDDING,
)
hold(
    "onboarding.WizardDraft",
    title="What you have typed and not saved",
    of="user",
    personal=("data", "updated_at"),
    erased="The row goes with the account.",
)
