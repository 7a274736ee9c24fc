"""What --encrypt costs: small messages, streams and collectives with it and without."""
from ..experiment import KIB, MIB, Experiment, Run
from ..places import Where
from .overhead import STREAM, Overhead

LINKS = (("100mbit", "100 Mbit"), ("1gbit", "1 Gbit"), ("none", "unshaped"))
COST = Overhead("prun_encrypted", "encrypted/plain", [link for _, link in LINKS])


def runs(links, hosts, seconds, **more):
    found = []
    for rate, link in links:
        pair = dict(case=link, programs=COST.programs, seconds=seconds, **more)
        found += [Run(Where(2, rate), ("latency",), (1, KIB), **pair),
                  Run(Where(2, rate), (STREAM,), (64 * KIB, MIB), window=8, **pair),
                  Run(Where(hosts, rate), ("allreduce",), (8, MIB), **pair)]
    return tuple(found)


ENCRYPTION = Experiment(
    "encryption", 0, "Encryption",
    "The same with and without `--encrypt`: half a round trip, streams of 8 messages at once, and allreduce among 4 hosts.",
    runs=runs(LINKS, 4, 0.3), quick=runs(LINKS[:1], 2, 0.1, iterations=1),
    tables=COST.tables, panels=COST.panels, rounds=3, needs="--encrypt")
