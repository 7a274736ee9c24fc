"""What strangers at the ports of ranks cost the running job: small messages and streams with them and without."""
from ..crowd import CALLS_A_SECOND, HELD
from ..experiment import KIB, MIB, Experiment, Run
from ..places import Where
from .overhead import STREAM, Overhead

LINK = "100 Mbit"
COST = Overhead("prun_besieged", "besieged/alone", [LINK])


def runs(seconds):
    pair = dict(where=Where(3, "100mbit"), case=LINK, programs=COST.programs, seconds=seconds)
    return (Run(operations=("latency",), sizes=(1, KIB), **pair),
            Run(operations=(STREAM,), sizes=(64 * KIB, MIB), window=8, **pair))


STRANGERS = Experiment(
    "strangers", 0, "Strangers",
    f"Half a round trip and streams between two hosts while a third one calls the ports of all ranks {CALLS_A_SECOND} times a "
    f"second, keeps up to {HELD} connections, and says garbage, nothing, half a greeting, or a byte at a time.",
    runs=runs(2.0), quick=runs(0.3), tables=COST.tables, panels=COST.panels, rounds=3, needs="--ports")
