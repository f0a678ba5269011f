"""The demo's accidents. A planting that breaks half-way must not leave the triggers off."""

import io
from types import SimpleNamespace

from django.db import connection
from django.test import override_settings

from accounts.models import Profile, User
from demo.faults import plant_faults
from demo.seed import seed
from integrity.drill.core import Scenario
from tests import flush
from tests.drill.facts import judge

BROKEN = (
    "accounts.every_user_has_a_profile",
    "accounts.as_many_profiles_as_users",
    "accounts.profile_has_the_users_email",
    "onboarding.stats_count_the_done_tasks",
    "onboarding.no_interest_is_stale",
)
LAGGING = """
SELECT count(*) FROM accounts_weddingstats JOIN (
    SELECT wedding_id, count(*) AS done FROM onboarding_task WHERE status = 'done' GROUP BY 1
) counted USING (wedding_id)
WHERE done <> tasks_done
"""


def whole_couples():
    flush.flush()
    seed(couples=6, out=io.StringIO())
    return SimpleNamespace()


def planted(context):
    with connection.cursor() as cursor:
        cursor.execute(LAGGING)
        (lagging,) = cursor.fetchone()
    return judge(
        ghosts=(User.objects.filter(profile=None).count(), 0, 3),
        emails=(Profile.objects.filter(email__startswith="former.").count(), 0, 2),
        counts=(lagging, 0, 3),
        interests=(Profile.objects.filter(interests_wanted__isnull=False).count(), 0, 2),
    )


@override_settings(DEBUG=True)
def plant(context):
    plant_faults()


SCENARIOS = [
    Scenario(
        name="plant_faults",
        flows=("demo.plant_faults",),
        setup=whole_couples,
        act=plant,
        whole=planted,
        # Breaking them is what it is for; that every trigger is on is not excused.
        excused=lambda context: BROKEN,
    )
]
