"""All scenarios."""

from tests.drill import accounts, addresses, checklist, platform, wizard

SCENARIOS = [
    *accounts.SCENARIOS,
    *addresses.SCENARIOS,
    *wizard.SCENARIOS,
    *checklist.SCENARIOS,
    *platform.SCENARIOS,
]
