"""What is measured: which operations, with which sizes, on how many hosts."""
from dataclasses import dataclass

POINT_TO_POINT = ("latency", "bandwidth", "bidirectional", "message_rate")
UNDER_BULK = "small_under_bulk"
COLLECTIVES = ("barrier", "bcast", "reduce", "allreduce", "reduce_scatter", "scan", "allgather", "alltoall",
               "scatter", "gather")
STARTING = "init"
UNSIZED = ("barrier", STARTING)
ALL_OPERATIONS = POINT_TO_POINT + (UNDER_BULK,) + COLLECTIVES + (STARTING,)

KIB, MIB = 1024, 1024 * 1024


@dataclass(frozen=True)
class Run:
    """One start of a program: some operations, each with all of the sizes."""
    operations: tuple
    sizes: tuple
    iterations: int = 0  # 0: as many as fit into the time for one measurement
    starts: int = 1
    silence: float = float("inf")  # seconds without a figure after which a start is given up, at most


@dataclass(frozen=True)
class Experiment:
    """What one table shows."""
    name: str  # also the key in stored results
    title: str
    hosts: int
    runs: tuple


def experiments(hosts, rate, quick, operations, sizes):
    """The experiments on so many hosts with links of so many bits per second (None: unshaped).

    operations: those wanted, or None for all; sizes: instead of the ones below, or None.
    """
    slow = rate is not None and rate < 50e6

    def chosen(of):
        return tuple(name for name in of if operations is None or name in operations)

    found = []

    if quick:
        pair_runs = [Run(chosen(POINT_TO_POINT), sizes or (1, 4 * KIB, 64 * KIB))]
    else:
        pair_runs = [Run(chosen(POINT_TO_POINT), sizes or (1, 512, 4 * KIB, 64 * KIB))]
        if sizes is None:
            # A window of 64 messages of this size would take a slow link too long.
            pair_runs.append(Run(chosen(("latency",)), (MIB,)))
    pair_runs = tuple(run for run in pair_runs if run.operations)
    if pair_runs:
        found.append(Experiment("point_to_point", "Point to point", 2, pair_runs))

    if chosen((UNDER_BULK,)):
        bulk = 4 * MIB if slow else 24 * MIB
        found.append(Experiment(UNDER_BULK, "Small messages under a bulk message", 2,
                                (Run((UNDER_BULK,), (bulk,), iterations=1 if quick else 3),)))

    if chosen(COLLECTIVES):
        largest = 256 * KIB if slow or quick else MIB
        small = (KIB,) if quick else (8, 4 * KIB, 64 * KIB)
        found.append(Experiment("collectives", "Collectives", hosts,
                                (Run(chosen(COLLECTIVES), sizes or small + (largest,)),)))

    if chosen((STARTING,)):
        found.append(Experiment("starting", "Starting", hosts,
                                (Run((STARTING,), (0,), starts=2 if quick else 5, silence=20),)))
    return found
