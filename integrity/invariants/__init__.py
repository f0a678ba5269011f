"""Declare what must hold. Imported by an app's `invariants.py`; found by name in every app."""

from integrity.invariants.custom import CustomSQL, invariant
from integrity.invariants.declare import Invariant, Severity, declare, invariants
from integrity.invariants.drift import CounterDrift, FieldDrift
from integrity.invariants.evidence import Masked
from integrity.invariants.generic import OrphanedGenericForeignKey
from integrity.invariants.guard import Guard
from integrity.invariants.lookups import IsDistinctFrom
from integrity.invariants.parity import RowCountParity
from integrity.invariants.relations import MissingRelated, OrphanedForeignKey
from integrity.invariants.values import AcceptedValues, Stuck, Uniqueness

# Registers what must hold of the machinery itself.
from integrity.invariants import operations, processes, sagas, triggers  # isort: skip  # noqa: F401

__all__ = [
    "AcceptedValues",
    "CounterDrift",
    "CustomSQL",
    "FieldDrift",
    "Guard",
    "Invariant",
    "IsDistinctFrom",
    "Masked",
    "MissingRelated",
    "OrphanedForeignKey",
    "OrphanedGenericForeignKey",
    "RowCountParity",
    "Severity",
    "Stuck",
    "Uniqueness",
    "declare",
    "invariant",
    "invariants",
]
