"""Bulk that can be made smaller, and bulk that cannot."""
from .. import verdicts, words
from ..experiment import KIB, MIB, Experiment, Run
from ..markdown import table
from ..places import Where
from ..plots import Bars
from ..results import Rows
from ..shown import FLOORS, bars, figure_columns, operation_columns, scaled
from .point_to_point import to_raw

KINDS = ("prun_off", "prun_auto")
NAMES = FLOORS + KINDS
LINKS = (("100mbit", "100 Mbit"), ("none", "unshaped"))


def gain(row):
    return row.ratio("prun_auto", "prun_off", "bytes_per_second")


def tables(rows):
    return [table(rows, operation_columns(rows) + figure_columns(rows, NAMES, "bytes_per_second", words.per_second) + [
        ("auto/TCP", lambda row: words.ratio(to_raw(row, "prun_auto"))),
        ("auto/off", lambda row: words.ratio(gain(row)))],
        "Bytes of the user per second. TCP sends what is easy to compress as it is.")]


def panels(rows):
    found = []
    for _, link in LINKS:
        chosen = Rows(row for row in rows if row.case.endswith(link))
        groups = tuple(f"{row.case.split(',')[0]}, {words.size(row.bytes)}" for row in chosen)
        found.append(Bars(f"Stream, {link}", "MB/s", groups,
                          bars(chosen, FLOORS[:1] + KINDS,
                               lambda row, name: scaled(row.figure(name, "bytes_per_second"), 1e-6))))
    return found


def judged(rows):
    def of(case, get):
        return {words.size(row.bytes): get(row) for row in rows.of(case=case)} or {"": None}
    return [verdicts.at_least(9, "text at 100 Mbit with --compress=auto / raw TCP", 2.0,
                              of("text, 100 Mbit", lambda row: to_raw(row, "prun_auto"))),
            verdicts.at_least(9, "random bytes at 100 Mbit, --compress=auto / off", 0.97, of("random, 100 Mbit", gain))]


def runs(links, windows, **more):
    """windows: {size of a message: how many at once}. Bare TCP does not look at what it sends, and knows no payload."""
    return tuple(Run(Where(2, rate), ("bandwidth",), (size,), case=f"{payload}, {link}", programs=programs,
                     payload=payload if programs == KINDS else "", window=window, **more)
                 for rate, link in links for payload in ("text", "random") for size, window in windows.items()
                 for programs in (("tcp",), KINDS))


COMPRESSION = Experiment(
    "compression", 9, "Compression",
    "Streams of text-like and of random bytes between two hosts: 64 messages of 64 KiB or 8 of 1 MiB at once.",
    runs=runs(LINKS, {64 * KIB: 64, MIB: 8}, seconds=0.4),
    quick=runs(LINKS[:1], {64 * KIB: 8}, iterations=1),
    tables=tables, panels=panels, verdicts=judged, rounds=2, needs="--payload")
