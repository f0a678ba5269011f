"""What was typed on a step and isn't saved yet: Back, another device and a closed tab keep it."""

from collections.abc import Mapping

from django.db import connection
from django.db.models import JSONField

from accounts.models import User
from integrity.transactions import transaction_required
from onboarding.models import WizardDraft

# The profile's row is locked against a save of the same step: a draft from a page that is
# older than the saved answers would hide them.
_KEEP = """
INSERT INTO onboarding_wizarddraft AS draft (user_id, data)
SELECT profile.user_id, jsonb_build_object(%s::text, %s::jsonb)
  FROM accounts_profile AS profile
 WHERE profile.user_id = %s AND profile.version = %s AND profile.onboarded_at IS NULL
   FOR SHARE OF profile
ON CONFLICT (user_id) DO UPDATE
   SET data = draft.data || excluded.data, updated_at = now()
"""


def save_draft(*, user: User, step: int, data: Mapping[str, object], version: int) -> bool:
    """Keep what was typed on a page of this version. False when the saved answers are newer."""
    typed = JSONField().get_db_prep_value(dict(data), connection)
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [str(step), typed, user.pk, version])
        return bool(cursor.rowcount)


def draft_of(user: User, *, step: int) -> dict[str, object] | None:
    data = WizardDraft.objects.filter(user=user).values_list("data", flat=True).first()
    typed = (data or {}).get(str(step))
    return typed if isinstance(typed, dict) else None


@transaction_required
def forget_draft(user: User, *, step: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE onboarding_wizarddraft SET data = data - %s::text WHERE user_id = %s",
            [str(step), user.pk],
        )


@transaction_required
def forget_drafts(user: User) -> None:
    WizardDraft.objects.filter(user=user).delete()
