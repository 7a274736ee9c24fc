"""The clock of the job: how far it is off, and the bound it gives, over the time."""
from .. import words
from ..experiment import Experiment, Run
from ..markdown import table
from ..places import Where
from ..plots import Lines
from ..shown import operation_columns

NAME = "prun_clock"
OPERATIONS = (("clock_idle", "Nothing else is sent"), ("clock_loaded", "The links are full"))
CURVES = (("clock_bound", "bounds"), ("clock_error", "errors"))


def tables(rows):
    def column(title, key):
        return title, lambda row: words.seconds(row.figure(NAME, key))
    return [table(rows, operation_columns(rows) + [column("error, median", "median"), column("error, worst", "worst_error"),
                                                   column("bound, worst", "worst_bound")],
                  "Of every quarter of a second the worst reading of all ranks counts.")]


def panels(rows):
    return [Lines(title, "us", {curve: {second: 1e6 * value for second, value in
                                        zip(row.curve(NAME, "seconds"), row.curve(NAME, key))}
                                for curve, key in CURVES for row in rows.of(operation)},
                  x_label="seconds", sizes=False, dots=False)
            for operation, title in OPERATIONS]


def runs(seconds):
    return (Run(Where(4, "100mbit"), tuple(name for name, _ in OPERATIONS), programs=(NAME,), seconds=seconds),)


CLOCK = Experiment(
    "clock", 0, "The clock of the job",
    "`env.clock()` of four hosts whose own clocks are seconds apart and drift by up to 400 parts per million against "
    "each other, against the clock that virtual hosts really have in common.",
    runs=runs(30), quick=runs(1), tables=tables, panels=panels, rounds=1)
