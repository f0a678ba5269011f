"""Operations over several systems that end whole or are taken back. `definition` is where to begin."""
