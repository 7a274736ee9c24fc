"""What ranks cost while they wait, and what they weigh."""
from .. import verdicts, words
from ..experiment import MPIS, Experiment, Run
from ..markdown import table
from ..places import Where, local
from ..plots import Bars, Lines
from ..results import quotient
from ..shown import RANKS, bars, figure_columns, scaled

WAYS = ("recv", "wait", "barrier")


def waiting_tables(rows):
    lines = [(row, way) for row in rows for way in WAYS]
    return [table(lines, [("ranks", lambda line: line[0].case), ("blocked in", lambda line: line[1])] + [
        (name_title, lambda line, show=show: show((line[0])).get(line[1], "-"))
        for name_title, show in _shares(rows)], "Share of one core, user and kernel time of the waiting rank.")]


def _shares(rows):
    for name in rows.present(RANKS):
        yield words.TITLES[name], lambda row, name=name: {
            way: words.percent(row.figure(name, f"share_in_{way}")) for way in WAYS}


def waiting_panels(rows):
    # A share too small to measure has no place on a logarithmic axis.
    least = 1e-4

    def share(row, name):
        value = row.figure(name, "largest_share")
        return None if value is None else max(value * 100, least)
    return [Bars("Processor time of a blocked rank", "% of a core", tuple(row.case for row in rows),
                 bars(rows, RANKS, share), levels={"target": 1.0}, log_y=True)]


WAITING_SECONDS = 10
WAITING = Experiment(
    "waiting", 7, "Waiting",
    f"Rank 0 is late by {WAITING_SECONDS} seconds (2 for the peers, whose share does not depend on it), and rank 1 "
    "waits for it.",
    runs=tuple(Run(where, ("idle",), case=case, programs=programs, seconds=seconds)
               for where, case in ((Where(2, "100mbit"), "2 hosts, TCP"), (local(2), "one host"))
               for programs, seconds in ((MPIS, 2), (("prun",), WAITING_SECONDS))),
    quick=tuple(Run(where, ("idle",), case=case, programs=("prun",), seconds=0.3)
                for where, case in ((Where(2, "100mbit"), "2 hosts, TCP"), (local(2), "one host"))),
    tables=waiting_tables, panels=waiting_panels, rounds=1,
    verdicts=lambda rows: [
        verdicts.at_most(7, "processor time of a rank blocked for 10 s in recv, wait, barrier", 0.01,
                         {f"{row.case}, {way}": row.figure("prun", f"share_in_{way}") for row in rows for way in WAYS},
                         words.percent)])

MANY = (16, 64, 256)
LARGEST_RANK, LARGEST_INSTALLED = 6e6, 5e6
# Cost of each further rank between 64 and 256 ranks over that between 16 and 64, which is 1 on a straight line.
STRAIGHT = 1.25


def weight_tables(rows):
    many = [row for row in rows if row.op in ("hello", "memory") and row.case]
    counts = sorted({row.ranks for row in many})

    def of(operation, ranks, key="median"):
        return next((row.figure("prun", key) for row in many if row.op == operation and row.ranks == ranks), None)
    return [table(rows.of("memory", case=""), [("resident memory of a rank", lambda row: f"{row.ranks} hosts")] +
                  figure_columns(rows, RANKS, "resident_bytes", words.megabytes),
                  "After init, a barrier and an allreduce of 1 KiB; the rank that has most."),
            table(counts, [("ranks on this machine", str),
                           ("prun -n N ./hello", lambda n: words.seconds(of("hello", n))),
                           ("of which for each", lambda n: words.seconds(quotient(of("hello", n), n))),
                           ("memory of all ranks", lambda n: words.megabytes(of("memory", n,
                                                                                "proportional_bytes_of_all"))),
                           ("of which for each", lambda n: words.megabytes(
                               quotient(of("memory", n, "proportional_bytes_of_all"), n)))],
                  "Memory after init, a barrier and an allreduce; pages that ranks share are counted once."),
            table(rows.of("installed"), [("installed", lambda row: "where programs are built")] +
                  figure_columns(rows.of("installed"), RANKS, "installed_bytes", words.megabytes),
                  "; ".join(f"{words.TITLES[name]}: {row.word(name, 'what')}" for row in rows.of("installed")
                            for name in row.implementations()))]


def weight_panels(rows):
    many = [row for row in rows if row.case]

    def line(operation, key, scale):
        return {"prun": {row.ranks: scaled(row.figure("prun", key), scale) for row in many
                         if row.op == operation and row.figure("prun", key) is not None}}
    return [Bars("Resident memory of a rank, 8 hosts", "MB", ("rank",),
                 bars(rows.of("memory", case=""), RANKS, lambda row, name: scaled(row.figure(name, "resident_bytes"),
                                                                                  1e-6)), levels={"target": 6}),
            Bars("Installed where programs are built", "MB", ("installed",),
                 bars(rows.of("installed"), RANKS, lambda row, name: scaled(row.figure(name, "installed_bytes"), 1e-6)),
                 levels={"target": 5}),
            Lines("prun -n N ./hello", "seconds", line("hello", "median", 1), x_label="ranks", sizes=False,
                  log_y=False),
            Lines("Memory of all ranks together", "MB", line("memory", "proportional_bytes_of_all", 1e-6),
                  x_label="ranks", sizes=False, log_y=False)]


def straightness(rows, operation, key):
    """How much more each further rank costs among many than among few."""
    at = {row.ranks: row.figure("prun", key) for row in rows.of(operation) if row.case}
    few, some, many = (at.get(count) for count in MANY)
    if None in (few, some, many):
        return None
    return quotient((many - some) / (MANY[2] - MANY[1]), (some - few) / (MANY[1] - MANY[0]))


def weight_verdicts(rows):
    eight = rows.of("memory", case="")
    return [verdicts.at_most(8, "resident memory of a rank at 8 hosts", LARGEST_RANK,
                             {"": eight[0].figure("prun", "resident_bytes") if eight else None}, words.megabytes),
            verdicts.at_most(8, "prun -n N ./hello, time for each rank from 64 to 256 / from 16 to 64", STRAIGHT,
                             {"": straightness(rows, "hello", "median")}),
            verdicts.at_most(8, "memory for each rank from 64 to 256 / from 16 to 64", STRAIGHT,
                             {"": straightness(rows, "memory", "proportional_bytes_of_all")}),
            verdicts.below(8, "libprun and prun installed", LARGEST_INSTALLED,
                           {"": row.figure("prun", "installed_bytes") for row in rows.of("installed")},
                           words.megabytes)]


def crowds(counts, starts):
    return tuple(Run(local(count), (operation,), case=f"{count} ranks", programs=("prun",), starts=starts)
                 for count in counts for operation in ("hello", "memory"))


WEIGHT = Experiment(
    "weight", 8, "Weight",
    "Memory of ranks, ranks in great number on one machine, and what is installed.",
    runs=(Run(Where(8, "100mbit"), ("memory",)), *crowds(MANY, starts=3), Run(local(1), ("installed",))),
    quick=(Run(Where(2, "100mbit"), ("memory",), programs=("prun",)), *crowds((4, 16), starts=1)),
    tables=weight_tables, panels=weight_panels, verdicts=weight_verdicts, rounds=1)
