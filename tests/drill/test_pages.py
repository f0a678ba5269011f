"""A visitor whose request breaks off is never told that something is saved which isn't."""

import pytest

from integrity.drill.core import drill, rehearse
from integrity.drill.observer import observer
from tests.drill.breaking import assert_no_problems, each_of
from tests.drill.pages import SCENARIOS

pytestmark = pytest.mark.django_db(transaction=True)


def from_the_commit_on(boundaries):
    """What comes before is the flow's own drill; this is what the page adds to it."""
    labels = [str(each) for each in boundaries]
    counted = labels.index("before WITH integrity_flowoutcome")
    commit = counted - labels[counted::-1].index("before COMMIT")
    return [each.number for each in boundaries[commit:] if each.when == "before"]


@each_of(SCENARIOS)
def test_the_page_tells_the_truth(scenario):
    """A lost answer to COMMIT is found out, or admitted."""
    with observer():
        rehearsed = rehearse(scenario)
        points = from_the_commit_on(rehearsed[0])
        for kind in ("raise", "terminate"):
            assert_no_problems(drill(scenario, kind, points=points, rehearsed=rehearsed))
        assert_no_problems(drill(scenario, "commit_lost", rehearsed=rehearsed))
