"""What --encrypt costs: small messages, streams and collectives with it and without."""
from .. import words
from ..experiment import KIB, MIB, Experiment, Run
from ..markdown import table
from ..places import Where
from ..plots import Bars
from ..results import Rows
from ..shown import bars, figure_columns, operation_columns, scaled

KINDS = ("prun", "prun_encrypted")
LINKS = (("100mbit", "100 Mbit"), ("1gbit", "1 Gbit"), ("none", "unshaped"))
STREAM = ("bandwidth",)


def speed(row):
    return row.ratio("prun_encrypted", "prun", "bytes_per_second")


def time(row):
    return row.ratio("prun_encrypted", "prun")


def split(rows):
    """Streams, and what is told in seconds."""
    return (Rows(row for row in rows if row.op in STREAM), Rows(row for row in rows if row.op not in STREAM))


def tables(rows):
    streams, others = split(rows)
    return [table(streams, operation_columns(streams) + figure_columns(streams, KINDS, "bytes_per_second", words.per_second) +
                  [("encrypted/plain", lambda row: words.ratio(speed(row)))], "Bytes per second."),
            table(others, operation_columns(others) + figure_columns(others, KINDS, "median", words.seconds) +
                  [("encrypted/plain", lambda row: words.ratio(time(row)))])]


def panels(rows):
    streams, _ = split(rows)
    found = []
    for _, link in LINKS:
        chosen = streams.of(case=link)
        found.append(Bars(f"Stream, {link}", "MB/s", tuple(words.size(row.bytes) for row in chosen),
                          bars(chosen, KINDS, lambda row, name: scaled(row.figure(name, "bytes_per_second"), 1e-6))))
    return found


def runs(links, hosts, seconds, **more):
    found = []
    for rate, link in links:
        pair = dict(case=link, programs=KINDS, seconds=seconds, **more)
        found += [Run(Where(2, rate), ("latency",), (1, KIB), **pair),
                  Run(Where(2, rate), STREAM, (64 * KIB, MIB), window=8, **pair),
                  Run(Where(hosts, rate), ("allreduce",), (8, MIB), **pair)]
    return tuple(found)


ENCRYPTION = Experiment(
    "encryption", 0, "Encryption",
    "The same with and without `--encrypt`: half a round trip, streams of 8 messages at once, and allreduce among 4 hosts.",
    runs=runs(LINKS, 4, 0.3), quick=runs(LINKS[:1], 2, 0.1, iterations=1),
    tables=tables, panels=panels, rounds=3, needs="--encrypt")
