"""What a step raises when it isn't done. Done is a return value; all else is one of these.

| raised             | did it happen?          | what the engine does                              |
|--------------------|-------------------------|---------------------------------------------------|
| `NotDone`          | certainly not           | the same again, later                             |
| `PauseAsked`       | certainly not           | the same again after `after` s; it was no attempt |
| `OutcomeUnknown`   | nobody can tell         | later, the probe first                            |
| `RefusedToAll`     | certainly not           | nobody calls that provider for a while, one alert |
| `RefusedForGood`   | no, and never will      | before the pivot takes all back, after it parks   |
| `Gone`             | there is no such object | forward it counts as done, backward as skipped    |
| `ChangedSince`     | (of an undo) no         | leaves what somebody else has set since           |

Anything else is a mistake in the code, and counts as `RefusedForGood`; an error of the database in
a remote step as `OutcomeUnknown`, in a local one as `NotDone`, for it was rolled back.
"""


class StepError(Exception):
    """A step that isn't done.

    Args:
        reason: stored, logged and shown: say what was refused, never to whom.
    """

    word = ""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


class NotDone(StepError):
    word = "not_done"


class PauseAsked(StepError):
    word = "pause_asked"

    def __init__(self, reason: str, *, after: float) -> None:
        super().__init__(reason)
        self.after = after


class OutcomeUnknown(StepError):
    """
    Args:
        answered: the provider gave an answer of its own, and may give the same one to the same
            key for ever: once the probe says that nothing has happened, a new key is taken.
    """

    word = "unknown"

    def __init__(self, reason: str, *, answered: bool = False) -> None:
        super().__init__(reason)
        self.answered = answered


class RefusedToAll(StepError):
    """The credentials or the account are refused, so no saga at all would get through."""

    word = "refused_to_all"


class RefusedForGood(StepError):
    word = "refused"


class Gone(StepError):
    word = "gone"


class ChangedSince(StepError):
    word = "changed_since"
