"""All scenarios."""

from tests.drill import accounts, addresses, checklist, desk, platform, repairs, wizard

SCENARIOS = [
    *accounts.SCENARIOS,
    *addresses.SCENARIOS,
    *wizard.SCENARIOS,
    *checklist.SCENARIOS,
    *platform.SCENARIOS,
    *desk.SCENARIOS,
    *repairs.SCENARIOS,
]
