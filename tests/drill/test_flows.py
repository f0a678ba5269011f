"""No flow is left out, and none gains a statement without anybody looking."""

import re
from pathlib import Path

import pytest
from django.apps import apps as installed

from integrity.drill.core import rehearse
from integrity.flows import flows
from tests.drill.every import SCENARIOS
from tests.drill.points import POINTS

pytestmark = pytest.mark.django_db(transaction=True)
OURS = {"accounts", "config", "demo", "integrity", "onboarding"}
DECLARATION = re.compile(r'^@flow\(\s*"([\w.]+)"', re.MULTILINE)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_its_boundaries_are_the_ones_that_were_reviewed(scenario):
    boundaries, _ = rehearse(scenario)

    assert len(boundaries) == POINTS.get(scenario.name), "\n".join(
        [f"Review them, then put {scenario.name!r}: {len(boundaries)} into points.py:"]
        + [f"{each.number} {each}" for each in boundaries]
    )


def test_every_flow_has_a_scenario():
    """Read from the source: a module that nobody has imported declares nothing."""
    apps = [Path(app.path) for app in installed.get_app_configs() if app.name in OURS]
    sources = [source.read_text() for app in apps for source in app.rglob("*.py")]
    declared = {name for source in sources for name in DECLARATION.findall(source)}
    covered = {name for scenario in SCENARIOS for name in scenario.flows}

    assert declared == covered
    assert declared <= set(flows())


def test_no_scenario_is_noted_that_is_gone():
    assert set(POINTS) == {scenario.name for scenario in SCENARIOS}
