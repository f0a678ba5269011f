"""What operators do with a saga: each verb asks why, and shows before what will be called."""

from collections.abc import Callable, Mapping
from typing import Any

from django.urls import reverse

from integrity.admin.pages import PageAdmin
from integrity.admin.saga_forms import ResolveForm, SagaForm
from integrity.admin.saga_page import preview
from integrity.admin.verbs import Led, ReasonForm, may, verb
from integrity.audit import Actor
from integrity.models import PausedKind, Saga
from integrity.saga import control
from integrity.saga.control import NoReason, NotFound
from integrity.saga.lawful import Refused, asked_for, takes_second_person
from integrity.saga.revealing import reveal

REFUSALS = (Refused, NotFound, NoReason)
GOES_ON = "It is due; a worker takes it within seconds."
WAITS = "It is due, and waits: all of its kind are paused."
ASKED = "Noted. Somebody else has to confirm it; they find it on this page."


def ahead_of(name: str) -> Callable[[Saga], Mapping[str, Any]]:
    return lambda saga: {"panel": preview(saga, name)}


def by_two(name: str) -> Callable[[Saga], Mapping[str, Any]]:
    """Of what may take a second person."""

    def words(saga: Saga) -> Mapping[str, Any]:
        if not takes_second_person(saga, name):
            return {"panel": preview(saga, name)}
        submit = "Confirm it" if asked_for(saga, name) else "Ask for it"
        return {"panel": preview(saga, name), "submit": submit}

    return words


def goes_on(saga: Saga, verb: str = "") -> str:
    """What becomes of it now."""
    if verb and asked_for(saga, verb):
        return ASKED
    return WAITS if PausedKind.objects.filter(kind=saga.kind).exists() else GOES_ON


def verb_of_saga(*, permission: str, title: str, explain: str, **more: Any) -> Callable[..., Any]:
    """As `verb`, with what all of these have: `more` replaces it. The panel shows what the saga's verb
    of the method's name would call."""

    def decorate(method: Callable[..., Any]) -> Any:
        usual = {"submit": title, "form": SagaForm, "words": ahead_of(method.__name__)}
        told = {**usual, "refusals": REFUSALS, **more}
        return verb(permission=permission, title=title, explain=explain, **told)(method)

    return decorate


class SagaVerbs(PageAdmin):
    """The verbs of one saga, each with a permission of its own."""

    actions_detail = [
        *("retry", "resume", "run_now", "pause", "retry_with_new_key", "mark_done"),
        *("skip_undo", "compensate", "skip_timer", "resolve", "tidied", "again", "reveal"),
    ]
    has_pause_saga_permission = may("integrity.pause_saga")
    has_resume_saga_permission = may("integrity.resume_saga")
    has_run_saga_permission = may("integrity.run_saga")
    has_skip_timer_permission = may("integrity.skip_timer")
    has_cancel_saga_permission = may("integrity.cancel_saga")
    has_retry_saga_permission = may("integrity.retry_saga")
    has_renew_saga_key_permission = may("integrity.renew_saga_key")
    has_probe_saga_permission = may("integrity.probe_saga")
    has_mark_step_permission = may("integrity.mark_step")
    has_skip_undo_permission = may("integrity.skip_undo")
    has_resolve_saga_permission = may("integrity.resolve_saga")
    has_verify_saga_permission = may("integrity.verify_saga")
    has_restart_saga_permission = may("integrity.restart_saga")
    has_tidy_saga_permission = may("integrity.tidy_saga")
    has_reveal_saga_permission = may("integrity.reveal_saga")
    has_export_saga_permission = may("integrity.export_saga")

    @verb_of_saga(
        permission="retry_saga",
        title="Try again",
        explain="Tries again what it stands still for: all tries anew, and the same key.",
    )
    def retry(self, target: Saga, form: SagaForm, by: Actor) -> str:
        return goes_on(control.retry(**form.seen(), by=by))

    @verb_of_saga(
        permission="renew_saga_key",
        title="Try again with a new key",
        explain="Only where the provider repeats an old answer to the old key, and a look there"
        " says that the step isn't done. Where it is, it is done twice.",
    )
    def retry_with_new_key(self, target: Saga, form: SagaForm, by: Actor) -> str:
        return goes_on(control.retry(**form.seen(), by=by, new_key=True))

    @verb_of_saga(
        permission="resume_saga",
        title="Resume",
        explain="Goes on where it was paused.",
    )
    def resume(self, target: Saga, form: SagaForm, by: Actor) -> str:
        return goes_on(control.resume(**form.seen(), by=by))

    @verb_of_saga(
        permission="run_saga",
        title="Run now",
        explain="Doesn't wait for the next try. What it waits for as planned, it still waits for.",
    )
    def run_now(self, target: Saga, form: SagaForm, by: Actor) -> str:
        return goes_on(control.run_now(**form.seen(), by=by))

    @verb_of_saga(
        permission="skip_timer",
        title="End the waiting",
        explain="The time that it waits for is over now.",
    )
    def skip_timer(self, target: Saga, form: SagaForm, by: Actor) -> str:
        return goes_on(control.skip_timer(**form.seen(), by=by))

    @verb_of_saga(
        permission="mark_step",
        title="Mark the step as done",
        explain="Says that you have seen for yourself that it is done. It isn't called again, and"
        " the saga goes on behind it.",
        words=by_two("mark_done"),
    )
    def mark_done(self, target: Saga, form: SagaForm, by: Actor) -> str:
        return goes_on(control.mark_done(**form.seen(), by=by), "mark_done")

    @verb_of_saga(
        permission="skip_undo",
        title="Give the undo up",
        explain="What couldn't be taken back stays as it is; the rest is still taken back.",
        words=by_two("skip_undo"),
    )
    def skip_undo(self, target: Saga, form: SagaForm, by: Actor) -> str:
        return goes_on(control.skip_undo(**form.seen(), by=by), "skip_undo")

    @verb_of_saga(
        permission="cancel_saga",
        title="Take it back",
        explain="Takes back what was done so far. Then it doesn't go forward any more.",
    )
    def compensate(self, target: Saga, form: SagaForm, by: Actor) -> str:
        control.compensate(**form.seen(), by=by)
        return "It is being taken back; a worker takes it within seconds."

    @verb_of_saga(
        permission="pause_saga",
        title="Pause",
        explain="Nothing more is called until somebody resumes it.",
    )
    def pause(self, target: Saga, form: SagaForm, by: Actor) -> str:
        control.pause(**form.seen(), by=by)
        return "Paused."

    @verb_of_saga(
        permission="resolve_saga",
        title="End it",
        explain="Ends it as it stands: a person has done, or will do, the rest. What was sealed for"
        " it is forgotten. It never goes on.",
        submit="End it as it stands",
        form=ResolveForm,
    )
    def resolve(self, target: Saga, form: ResolveForm, by: Actor) -> str:
        left = form.cleaned_data["left_behind"]
        control.resolve(**form.seen(), by=by, left_behind=left)
        return f"Ended. {len(left)} of its effects become findings." if left else "Ended."

    @verb_of_saga(
        permission="restart_saga",
        title="Begin it again",
        explain="What has ended stays ended. Another saga begins for the same purpose, and names"
        " this one; what is done already, it finds done.",
    )
    def again(self, target: Saga, form: SagaForm, by: Actor) -> Led:
        begun = control.again(**form.seen(), by=by)
        return Led(goes_on(begun), reverse("admin:integrity_saga_change", args=[begun.pk]))

    @verb_of_saga(
        permission="tidy_saga",
        title="It is tidied up",
        explain="Says that what it had left behind is gone, as you have seen for yourself.",
    )
    def tidied(self, target: Saga, form: SagaForm, by: Actor) -> str:
        control.tidied(**form.seen(), by=by)
        return "Noted. The next check resolves the findings."

    @verb_of_saga(
        permission="reveal_saga",
        title="Reveal",
        explain="Shows you for ten minutes how things were before, which an undo puts back. That"
        " you looked, and why, is kept.",
        form=ReasonForm,
    )
    def reveal(self, target: Saga, form: ReasonForm, by: Actor) -> str:
        reveal(saga=target.uid, by=by)
        return "You see it for ten minutes."
