"""Collectives: on many hosts, of all sizes, and where ranks share hosts."""
from .. import verdicts, words
from ..experiment import KIB, MIB, MPIS, Experiment, Run
from ..markdown import Table, table
from ..places import Where
from ..plots import Bars, Lines
from ..results import Rows, quotient
from ..shown import RANKS, bars, figure_columns, operation_columns, scaled, series, title

OPERATIONS = ("bcast", "reduce", "allreduce", "reduce_scatter", "allgather", "alltoall", "scatter", "gather")
SLOWEST = "slowest_median"  # of the ranks: an average flatters those that are done early


def label(row):
    return f"{row.op} {words.size(row.bytes)}"


def times(rows):
    present = rows.present(RANKS)
    return table(rows, operation_columns(rows) + [("bound", lambda row: words.seconds(row.bound()))] +
                 figure_columns(rows, RANKS, SLOWEST, words.seconds) +
                 [(f"{title(name)}/bound", lambda row, name=name: words.ratio(row.to_bound(name, SLOWEST)))
                  for name in present] +
                 [("prun/better peer", lambda row: words.ratio(row.to_better_peer(SLOWEST)))],
                 "Time of the slowest rank.")


def predictions(rows):
    """What prun's cost model said beside what came of it; nothing where the program does not tell."""
    told = [row for row in rows if row.figure("prun", "predicted") is not None]
    if not told:
        return []
    return [table(told, operation_columns(rows) + [
        ("algorithm", lambda row: row.word("prun", "algorithm") or "-"),
        ("predicted", lambda row: words.seconds(row.figure("prun", "predicted"))),
        ("measured", lambda row: words.seconds(row.figure("prun", SLOWEST))),
        ("measured/predicted", lambda row: words.ratio(row.ratio("prun", "prun", SLOWEST, "predicted")))],
        "prun's own prediction beside the time of its slowest rank.")]


def tables(rows):
    return [times(rows)] + predictions(rows)


def panels_to_bound(text, limit):
    def panels(rows):
        groups = tuple(row.op for row in rows)
        return [Bars(text, "time / lower bound", groups[i:i + 4],
                     bars(Rows(rows[i:i + 4]), RANKS, lambda row, name: row.to_bound(name, SLOWEST)),
                     levels={"lower bound": 1.0, "target": limit}) for i in range(0, len(rows), 4)]
    return panels


def to_bound(rows):
    return {row.op: row.to_bound("prun", SLOWEST) for row in rows}


def to_peer(rows):
    return {label(row): row.to_better_peer(SLOWEST) for row in rows}


def large(hosts, rate, size):
    link = rate.replace("mbit", " Mbit")
    text = f"{hosts} hosts, {words.size(size)}, {link}"
    where = Where(hosts, rate)

    def judged(rows):
        return [verdicts.at_most(4, f"collectives, {text}, prun / lower bound", 1.15, to_bound(rows)),
                verdicts.below(4, f"collectives, {text}, prun / better peer", 1.0, to_peer(rows))]
    quick_size = 16 * KIB
    return Experiment(
        f"collectives_{hosts}_{rate}", 4, f"Large collectives: {text}",
        "Bytes are those of the whole vector for bcast and the reductions, of one rank's part for the others. The "
        "lower bound is what must cross the busiest link at its rate. Both peers poll: where ranks outnumber the cores "
        "of the machine, part of what they take is that.",
        runs=(Run(where, OPERATIONS, (size,), iterations=3),),
        # With peers once, and once on more hosts than cores.
        quick=(Run(Where(4, rate), OPERATIONS, (quick_size,), iterations=1),) if (hosts, rate) == (4, "100mbit") else
        (Run(Where(4, rate), OPERATIONS[:3], (quick_size,), programs=("prun",), iterations=1),),
        tables=tables, panels=panels_to_bound(text, 1.15), verdicts=judged, rounds=2)


def small_panels(rows):
    return [Lines(name, "microseconds", series(rows.of(name), RANKS, SLOWEST, 1e6), log_y=False)
            for name in rows.operations()]


SMALL = Experiment(
    "collectives_small", 4, "Small collectives on 2 hosts",
    "Two hosts, so that no two ranks that poll share a core.",
    runs=(Run(Where(2, "100mbit"), OPERATIONS, (8, 128, KIB), seconds=0.15),),
    quick=(Run(Where(2, "100mbit"), OPERATIONS, (8,), programs=("prun",), iterations=3),),
    tables=tables, panels=small_panels, rounds=5,
    verdicts=lambda rows: [verdicts.at_most(4, "collectives, 2 hosts, 8 B to 1 KiB, prun / better peer", 1.0,
                                            to_peer(rows))])


def cliffs(rows):
    """{operation and size: time there / time at the next larger size}, above 1 where the larger one is faster."""
    found = {}
    for name in rows.operations():
        row_of = {row.bytes: row for row in rows.of(name)}
        ordered = sorted(row_of)
        for smaller, larger in zip(ordered, ordered[1:]):
            found[f"{name} {words.size(smaller)}"] = quotient(row_of[smaller].figure("prun", SLOWEST),
                                                              row_of[larger].figure("prun", SLOWEST))
    return found


def cliff_table(rows):
    sizes = rows.sizes()
    found = cliffs(rows)
    return Table(("prun, time / time of the next size", *map(words.size, sizes[:-1])),
                 tuple((name, *(words.ratio(found.get(f"{name} {words.size(size)}")) for size in sizes[:-1]))
                       for name in rows.operations()), "Above 1 the larger size would be faster: a cliff.")


def between_panels(rows):
    return [Lines(name, "milliseconds", series(rows.of(name), RANKS, SLOWEST, 1e3),
                  bound={row.bytes: scaled(row.bound(), 1e3) for row in rows.of(name) if row.bound()})
            for name in rows.operations()]


BETWEEN = Experiment(
    "collectives_between", 4, "Collectives of sizes between, 8 hosts, 100 Mbit",
    "Where algorithms change. Both peers poll, and 8 ranks share this machine's cores: much of their time is that.",
    # The peers take long, and of prun it is asked how one size compares with the next.
    runs=tuple(Run(Where(8, "100mbit"), OPERATIONS, tuple(size * KIB for size in (4, 8, 16, 32, 64)), programs=programs,
                   iterations=iterations) for programs, iterations in ((MPIS, 4), (("prun",), 15))),
    quick=(Run(Where(3, "100mbit"), OPERATIONS[:2], (4 * KIB, 8 * KIB), programs=("prun",), iterations=1),),
    tables=lambda rows: [times(rows), cliff_table(rows)] + predictions(rows), panels=between_panels, rounds=2,
    verdicts=lambda rows: [
        verdicts.below(4, "collectives, 8 hosts, 4 to 64 KiB, 100 Mbit, prun / better peer", 1.0, to_peer(rows)),
        verdicts.at_most(4, "no cliff: prun's time of a size / of the next larger one", 1.0, cliffs(rows))])

SHARED = Where(4, "100mbit", ranks_per_host=2)
SHARED_HOSTS = Experiment(
    "shared_hosts", 5, "Ranks that share hosts: 4 hosts x 2 ranks, 100 Mbit",
    "Ranks 0 and 1 on the first host, 2 and 3 on the second, and so on; all three are placed alike. The bound is that "
    "for 4 hosts: a link is crossed once per host.",
    runs=(Run(SHARED, ("bcast", "allreduce"), (MIB,), iterations=3),),
    quick=(Run(Where(2, "100mbit", ranks_per_host=2), ("bcast", "allreduce", "allgather", "alltoall"), (16 * KIB,),
               iterations=1),),
    tables=tables, panels=panels_to_bound("4 hosts x 2 ranks, 1 MiB, 100 Mbit", 1.25),
    verdicts=lambda rows: [verdicts.at_most(5, "4 hosts x 2 ranks, bcast and allreduce of 1 MiB, prun / bound for 4 "
                                            "hosts", 1.25, to_bound(rows))])

EXPERIMENTS = (large(8, "100mbit", MIB), large(8, "10mbit", 256 * KIB), large(4, "100mbit", MIB),
               large(4, "10mbit", 256 * KIB), SMALL, BETWEEN, SHARED_HOSTS)
