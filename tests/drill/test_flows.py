"""No flow is left out, and no scenario."""

import re
from importlib import import_module
from pathlib import Path

from django.apps import apps as installed

from integrity.flows import flows
from tests.drill.breaking import drilled
from tests.drill.every import SCENARIOS
from tests.drill.points import POINTS

OURS = {"accounts", "config", "demo", "integrity", "onboarding"}
DECLARATION = re.compile(r'^@flow\(\s*"([\w.]+)"', re.MULTILINE)
FILES = [path.stem for path in Path(__file__).parent.glob("test_*.py")]


def test_every_flow_has_a_scenario():
    """Read from the source: a module that nobody has imported declares nothing."""
    apps = [Path(app.path) for app in installed.get_app_configs() if app.name in OURS]
    sources = [source.read_text() for app in apps for source in app.rglob("*.py")]
    declared = {name for source in sources for name in DECLARATION.findall(source)}
    covered = {name for scenario in SCENARIOS for name in scenario.flows}

    assert declared == covered
    assert declared <= set(flows())


def test_every_scenario_is_drilled():
    for name in FILES:
        import_module(f"tests.drill.{name}")

    assert {each.name for each in SCENARIOS} <= drilled


def test_no_scenario_is_noted_that_is_gone():
    assert set(POINTS) == {scenario.name for scenario in SCENARIOS}
