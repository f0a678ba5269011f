"""Declare how what is broken is mended. Imported by an app's `repairs.py`; found by name."""

from integrity.repair.actions import Action, Deed
from integrity.repair.declare import (
    Change,
    Kind,
    New,
    Obstacle,
    PlannedAt,
    Repair,
    RowRepair,
    declare_repair,
    delete,
    insert,
    repairs,
    repairs_of,
    update,
)
from integrity.repair.kinds import BackfillMissing, ChangeRows, CopyField, Recount
from integrity.repair.kinds_removing import MergeDuplicates, PruneStale, QuarantineOrphan

__all__ = [
    "Action",
    "BackfillMissing",
    "Change",
    "ChangeRows",
    "CopyField",
    "Deed",
    "Kind",
    "MergeDuplicates",
    "New",
    "Obstacle",
    "PlannedAt",
    "PruneStale",
    "QuarantineOrphan",
    "Recount",
    "Repair",
    "RowRepair",
    "declare_repair",
    "delete",
    "insert",
    "repairs",
    "repairs_of",
    "update",
]
