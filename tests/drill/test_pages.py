"""A visitor whose request breaks off is never told that something is saved which isn't."""

import pytest

from integrity.drill.core import drill, rehearse
from tests.drill.breaking import assert_no_problems
from tests.drill.pages import SCENARIOS

pytestmark = pytest.mark.django_db(transaction=True)


def from_the_commit_on(scenario):
    """What comes before is the flow's own drill; this is what the page adds to it."""
    boundaries, _ = rehearse(scenario)
    labels = [str(each) for each in boundaries]
    counted = labels.index("before WITH integrity_flowoutcome")
    commit = counted - labels[counted::-1].index("before COMMIT")
    return [each.number for each in boundaries[commit:] if each.when == "before"]


@pytest.mark.parametrize("kind", ["raise", "terminate"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_the_page_tells_the_truth(scenario, kind):
    assert_no_problems(drill(scenario, kind, points=from_the_commit_on(scenario)))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_a_lost_answer_to_commit_is_found_out_or_admitted(scenario):
    assert_no_problems(drill(scenario, "commit_lost"))
