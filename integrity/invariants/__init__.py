"""Declare what must hold. Imported by an app's `invariants.py`; found by name in every app."""

from integrity.invariants.declare import Invariant, Severity, invariant, invariants
from integrity.invariants.operations import every_effect_is_delivered_in_time, no_effect_is_dead

__all__ = [
    "Invariant",
    "Severity",
    "every_effect_is_delivered_in_time",
    "invariant",
    "invariants",
    "no_effect_is_dead",
]
