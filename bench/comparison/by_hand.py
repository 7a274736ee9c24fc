"""Experiments made of what the command line names, to look at one thing quickly; no target belongs to them."""
from . import words
from .catalogue import collectives, point_to_point, starting
from .experiment import ALL, KIB, MIB, Experiment, Run
from .markdown import table
from .places import Where, local, rate_bits
from .shown import FLOORS, RANKS, figure_columns, operation_columns

POINT_TO_POINT = ("latency", "bandwidth", "bidirectional", "message_rate")
UNDER_BULK = "small_under_bulk"
COLLECTIVES = ("barrier", "bcast", "reduce", "allreduce", "reduce_scatter", "scan", "allgather", "alltoall",
               "scatter", "gather")
STARTING = "init"
OPERATIONS = POINT_TO_POINT + (UNDER_BULK,) + COLLECTIVES + (STARTING,)


def pair_tables(rows):
    def floor(row):
        """Bare TCP where it was measured, else what the wire allows."""
        name = row.best(FLOORS)
        return row.ratio("prun", name) if name else row.to_bound("prun")
    return [table(rows, operation_columns(rows) + [("bound", lambda row: words.seconds(row.bound()))] +
                  figure_columns(rows, FLOORS + RANKS, "median", words.seconds) +
                  [("prun/floor", lambda row: words.ratio(floor(row))),
                   ("prun/better peer", lambda row: words.ratio(row.to_better_peer()))],
                  "Time per message, one way. floor: the faster bare TCP connection; without one the bound.")]


# What is shown of each does not depend on the command line, so that stored results can be shown again.
SHOWN = {"pairs": ("Point to point", pair_tables),
         "pairs_under_bulk": ("Small messages beside a bulk message", point_to_point.under_bulk_tables),
         "all_ranks": ("Collectives", collectives.tables),
         "joining": ("Starting", starting.tables)}


def experiment(name, runs=()):
    title, tables = SHOWN[name]
    return Experiment(name, 0, title, "", runs=tuple(runs), quick=tuple(runs), tables=tables)


def experiments(operations=None, sizes=None, hosts=8, rate="100mbit", here=False, seconds=0.5):
    """operations, sizes: those wanted, or None for what is usual. here: as local ranks, `hosts` of them."""
    bits = rate_bits(rate)
    slow = bits is not None and bits < 50e6
    pair, many = (local(2), local(hosts)) if here else (Where(2, rate), Where(hosts, rate))

    def chosen(of):
        return tuple(name for name in of if operations is None or name in operations)

    found = []
    runs = []
    if chosen(POINT_TO_POINT):
        usual = (1, 512, 4 * KIB, 64 * KIB)
        runs.append(Run(pair, chosen(POINT_TO_POINT), sizes or usual, programs=ALL, seconds=seconds))
    if chosen(("latency",)) and sizes is None:
        # A window of 64 messages of this size would take a slow link too long.
        runs.append(Run(pair, ("latency",), (MIB,), programs=ALL, seconds=seconds))
    if runs:
        found.append(experiment("pairs", runs))
    if chosen((UNDER_BULK,)):
        found.append(experiment("pairs_under_bulk",
                                [Run(pair, (UNDER_BULK,), (4 * MIB if slow else 24 * MIB,), case=rate, iterations=1)]))
    if chosen(COLLECTIVES):
        usual = (8, 4 * KIB, 64 * KIB, 256 * KIB if slow else MIB)
        found.append(experiment("all_ranks", [Run(many, chosen(COLLECTIVES), sizes or usual, seconds=seconds)]))
    if chosen((STARTING,)):
        found.append(experiment("joining", [Run(many, (STARTING,), starts=5, silence=20)]))
    return found
