"""What is personal: where it lies, how it is handed out, how it goes, and whether it is gone."""

from integrity.privacy.declare import Holding, eraser, erasers, hold, hold_table, holdings
from integrity.privacy.export import Bite, Part, Place, bite_of, export_of, exported_columns
from integrity.privacy.residue import Residue, residue_of, residue_under_seal
from integrity.privacy.traces import erase_traces

__all__ = [
    "Bite",
    "Holding",
    "Part",
    "Place",
    "Residue",
    "bite_of",
    "erase_traces",
    "eraser",
    "erasers",
    "export_of",
    "exported_columns",
    "hold",
    "hold_table",
    "holdings",
    "residue_of",
    "residue_under_seal",
]
