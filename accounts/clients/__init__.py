"""The vendors: one module each, one vocabulary of outcomes. No type of theirs gets out."""
