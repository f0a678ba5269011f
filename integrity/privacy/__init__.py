"""What is personal: where it lies, how it is handed out, how it goes, and whether it is gone."""

from integrity.privacy.declare import Holding, eraser, erasers, hold, hold_table, holdings
from integrity.privacy.export import Part, export_of
from integrity.privacy.residue import Residue, residue_of, residue_under_seal
from integrity.privacy.traces import erase_traces

__all__ = [
    "Holding",
    "Part",
    "Residue",
    "erase_traces",
    "eraser",
    "erasers",
    "export_of",
    "hold",
    "hold_table",
    "holdings",
    "residue_of",
    "residue_under_seal",
]
