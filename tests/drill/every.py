"""All scenarios."""

from tests.drill import (
    accounts,
    addresses,
    billing,
    checklist,
    contacts,
    demo,
    desk,
    identities,
    leaving,
    plan,
    platform,
    repairs,
    wizard,
)

SCENARIOS = [
    *accounts.SCENARIOS,
    *addresses.SCENARIOS,
    *wizard.SCENARIOS,
    *checklist.SCENARIOS,
    *billing.SCENARIOS,
    *contacts.SCENARIOS,
    *identities.SCENARIOS,
    *plan.SCENARIOS,
    *leaving.SCENARIOS,
    *platform.SCENARIOS,
    *desk.SCENARIOS,
    *repairs.SCENARIOS,
    *demo.SCENARIOS,
]
