"""Results as programs would print them, made up: everything bench/compare shows can be tested without measuring."""
import os
import sys

sys.path.insert(0, os.path.join(os.environ["PRUN_SOURCE"], "bench"))

from comparison.catalogue import EXPERIMENTS  # noqa: E402
from comparison.results import Results  # noqa: E402

MACHINE = {"processor": "a processor", "cores": 2, "memory_gib": 1.0, "kernel": "Linux 6", "system": "a system",
           "load_before": 0.1}


def results():
    return Results({"machine": MACHINE, "date": "2026-01-02 03:04 UTC", "commit": "0123456789", "quick": False,
                    "command": "bench/compare --report somewhere"})


def record(implementation, operation, size, **more):
    return {"implementation": implementation, "version": "1", "op": operation, "bytes": size, "ranks": 2, "hosts": 2,
            "verified": True, "median": 1e-3, **more}


def all_experiments(good):
    """Every experiment has run. good: prun meets every target; otherwise it meets none."""
    found = results()
    for experiment in EXPERIMENTS:
        for run in experiment.runs:
            for program in run.programs:
                for name in ("tcp_spinning", "tcp_blocking") if program == "tcp" else (program,):
                    for operation in run.operations:
                        for size in run.sizes:
                            made = made_up(name, operation, size, run, good)
                            found.add(experiment.name, 1, {**made, "case": run.case, "place": run.where.describe()})
    return found


def made_up(name, operation, size, run, good):
    ours = name.startswith("prun")
    seconds = (size + 1000) * 1e-7
    if operation == "hello":
        # More than in proportion where it is bad.
        seconds = (run.where.ranks if good else run.where.ranks ** 2) * 1e-3
    elif name in ("mpich", "openmpi"):
        seconds *= 20
    elif ours and not good:
        # And shorter for larger messages, which is a cliff.
        seconds = 1e9 / (size + 1000)
    elif name == "prun_auto" and run.payload == "text":
        seconds /= 3
    bad = 1 if good or not ours else 1000
    if name == "prun_auto" and not good:
        seconds *= 2
    memory = run.where.ranks * 1e6 if good else run.where.ranks ** 2 * 1e6
    shares = {f"share_in_{way}": 0.001 * bad if ours else 1.0 for way in ("recv", "wait", "barrier")}
    return record(name, operation, size, ranks=run.where.ranks, hosts=run.where.hosts, median=seconds,
                  slowest_median=seconds, bound=(size + 1000) * 1e-7 / 1.05, bytes_per_second=size / seconds,
                  messages_per_second=1 / seconds, alone=seconds / bad, whole=seconds, round_trips=100.0,
                  round_trips_per_second=500.0 / bad, round_trip_median=2e-3, round_trip_p99=4e-3,
                  largest_share=max(shares.values()), **shares, resident_bytes=5e6 * bad,
                  proportional_bytes_of_all=memory, installed_bytes=4e6 * bad, what="a file",
                  predicted=seconds, algorithm="an algorithm", worst_error=1e-5, worst_bound=1e-4,
                  seconds=[0.0, 0.25], errors=[1e-5, 2e-6], bounds=[1e-4, 9e-5])
