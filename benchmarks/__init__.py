"""One file per promise of speed. Figures are ratios between cells of one run, never bare times.

    python -m benchmarks [name ...] [--users N] [--rounds N]
    make bench ARGS="checks sweep --users 1000000"

Those about many rows work on 40,000 couples unless told otherwise. Time and disk grow with them:
a million is for a machine that has both to spare.

`queues` and `sagas` stand beside others' engines, which `make bench` installs apart: see `peers`.

Everything runs in a database made for it and dropped afterwards. Each timed cell asserts its own
answer; a cell that did something else than it claims ends the run.
"""
