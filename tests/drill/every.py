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
    membership,
    plan,
    platform,
    repairs,
    steering,
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
    *membership.SCENARIOS,
    *platform.SCENARIOS,
    *desk.SCENARIOS,
    *repairs.SCENARIOS,
    *steering.SCENARIOS,
    *demo.SCENARIOS,
]
