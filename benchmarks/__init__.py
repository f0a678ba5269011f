"""One file per promise of speed. Figures are ratios between cells of one run, never bare times.

    python -m benchmarks [name ...]

Everything runs in a database made for it and dropped afterwards. Each timed cell asserts its own
answer; a cell that did something else than it claims ends the run.
"""
