"""Every flow, broken at every boundary by every kind of fault: all of it is there, or nothing."""

import re
from pathlib import Path

import pytest
from django.apps import apps as installed

from integrity.drill.core import drill, rehearse
from integrity.drill.faults import FAULTS, KINDS
from integrity.flows import flows
from tests.drill import accounts, addresses, checklist, desk, platform, repairs, wizard
from tests.drill.points import POINTS

pytestmark = pytest.mark.django_db(transaction=True)
SCENARIOS = [
    *accounts.SCENARIOS,
    *addresses.SCENARIOS,
    *wizard.SCENARIOS,
    *checklist.SCENARIOS,
    *platform.SCENARIOS,
    *desk.SCENARIOS,
    *repairs.SCENARIOS,
]
OURS = {"accounts", "demo", "integrity", "onboarding"}
DECLARATION = re.compile(r'^@flow\(\s*"([\w.]+)"', re.MULTILINE)


def shots():
    """What isn't a flow has nobody who runs it again after a lost race."""
    return [
        pytest.param(scenario, kind, id=f"{scenario.name}-{kind}")
        for scenario in SCENARIOS
        for kind in KINDS
        if scenario.flows or not FAULTS[kind].survived
    ]


@pytest.mark.parametrize(("scenario", "kind"), shots())
def test_it_is_all_or_nothing(scenario, kind):
    report = drill(scenario, kind)

    assert not report.problems, f"{report}\n" + "\n".join(report.problems)


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
