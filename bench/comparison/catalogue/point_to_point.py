"""Two ranks: on two hosts, and on one."""
from .. import verdicts, words
from ..experiment import ALL, KIB, MIB, RANKS as PROGRAMS, Experiment, Run
from ..markdown import table
from ..places import Where, local
from ..plots import Bars, Lines
from ..results import Rows, quotient
from ..shown import FLOORS, RANKS, bars, figure_columns, operation_columns, scaled, series, title


def latency_tables(rows):
    return [table(rows, operation_columns(rows) + figure_columns(rows, FLOORS + RANKS, "median", words.seconds) + [
        ("prun/spinning", lambda row: words.ratio(row.ratio("prun", "tcp_spinning"))),
        ("prun/MPICH", lambda row: words.ratio(row.ratio("prun", "mpich"))),
        ("prun/Open MPI", lambda row: words.ratio(row.ratio("prun", "openmpi")))])]


def latency_panels(rows):
    return [Lines("One-way time of a message, 2 hosts, unshaped links", "microseconds", series(rows, RANKS, scale=1e6),
                  bound=series(rows, FLOORS[:1], scale=1e6).get("tcp_spinning", {}), bound_title="raw TCP, spinning",
                  log_y=False)]


def latency_verdicts(rows):
    return [verdicts.at_most(1, "latency, 1 B to 1 KiB, prun / raw TCP spinning", 1.10,
                             {words.size(row.bytes): row.ratio("prun", "tcp_spinning") for row in rows}),
            verdicts.at_most(1, "latency, 1 B to 1 KiB, prun / MPICH", 1.0,
                             {words.size(row.bytes): row.ratio("prun", "mpich") for row in rows})]


PAIR = Where(2)
LATENCY = Experiment(
    "latency", 1, "Latency of small messages",
    "Half a round trip between two hosts on unshaped links. Bare TCP is the floor: spinning asks the socket again and "
    "again, blocking sleeps until data is there.",
    runs=(Run(PAIR, ("latency",), (1, 8, 64, 256, KIB), programs=ALL),),
    quick=(Run(PAIR, ("latency",), (1, KIB), programs=ALL, iterations=20),),
    tables=latency_tables, panels=latency_panels, verdicts=latency_verdicts, rounds=5)


def raw(row, key="bytes_per_second"):
    """The better of the two ways to wait in bare TCP."""
    return row.best(FLOORS, key, most=True)


def to_raw(row, mine="prun", key="bytes_per_second"):
    return row.ratio(mine, raw(row, key), key)


def stream_tables(rows):
    one_byte = Rows(row for row in rows if row.bytes == 1)
    larger = Rows(row for row in rows if row.bytes > 1)
    return [table(larger, operation_columns(larger) +
                  figure_columns(larger, FLOORS + RANKS, "bytes_per_second", words.per_second) + [
                      ("prun/TCP", lambda row: words.ratio(to_raw(row))),
                      ("prun/better peer", lambda row: words.ratio(row.to_better_peer("bytes_per_second", most=True)))],
                  "Bytes per second; TCP: the faster of the two."),
            table(one_byte, operation_columns(one_byte) +
                  figure_columns(one_byte, RANKS, "messages_per_second", words.count) + [
                      ("prun/MPICH", lambda row: words.ratio(row.ratio("prun", "mpich", "messages_per_second"))),
                      ("prun/Open MPI", lambda row: words.ratio(row.ratio("prun", "openmpi", "messages_per_second")))],
                  "Messages of one byte per second, 64 under way at once.")]


def stream_panels(rows):
    larger = Rows(row for row in rows if row.bytes > 1)
    one_byte = Rows(row for row in rows if row.bytes == 1)
    return [Lines("Stream of messages, 2 hosts, 100 Mbit", "MB/s",
                  series(larger, RANKS, "bytes_per_second", 1e-6),
                  bound={row.bytes: row.figure(raw(row), "bytes_per_second") * 1e-6 for row in larger if raw(row)},
                  bound_title="raw TCP", log_y=False),
            Bars("Messages of one byte, 64 at once", "messages per second", ("1 byte",),
                 bars(one_byte, RANKS, lambda row, name: row.figure(name, "messages_per_second")), log_y=True)]


def stream_verdicts(rows):
    return [verdicts.at_least(2, "stream from 1 KiB up at 100 Mbit, prun / raw TCP", 0.99,
                              {words.size(row.bytes): to_raw(row) for row in rows if row.bytes >= KIB}),
            verdicts.at_least(2, "one-byte messages in a window of 64, rate of prun / MPICH", 10.0,
                              {"": row.ratio("prun", "mpich", "messages_per_second") for row in rows
                               if row.bytes == 1})]


SLOW_PAIR = Where(2, "100mbit")
STREAM = Experiment(
    "stream", 2, "Streams",
    "Messages started at once from one host to another, then a short answer: 64 of them up to 16 KiB, 8 of them above.",
    runs=(Run(SLOW_PAIR, ("bandwidth",), (1, KIB, 4 * KIB, 16 * KIB), programs=ALL),
          Run(SLOW_PAIR, ("bandwidth",), (64 * KIB, 256 * KIB, MIB), programs=ALL, window=8)),
    quick=(Run(SLOW_PAIR, ("bandwidth",), (1, 16 * KIB), programs=("tcp", "prun"), iterations=2, window=8),),
    tables=stream_tables, panels=stream_panels, verdicts=stream_verdicts)


def under_bulk_tables(rows):
    lines = [(row, name) for row in rows for name in RANKS if name in row.implementations()]

    def of(key, show):
        return lambda line: show(line[0].figure(line[1], key))
    return [table(lines, [("", lambda line: title(line[1])), ("link", lambda line: line[0].case),
                          ("bulk", lambda line: words.size(line[0].bytes)),
                          ("bulk alone", of("alone", words.seconds)), ("with small ones", of("median", words.seconds)),
                          ("with/alone", lambda line: words.ratio(line[0].ratio(line[1], line[1], "median", "alone"))),
                          ("round trips/s", of("round_trips_per_second", words.count)),
                          ("median round trip", of("round_trip_median", words.seconds)),
                          ("p99", of("round_trip_p99", words.seconds))])]


def under_bulk_panels(rows):
    groups = tuple(f"{row.case}, {words.size(row.bytes)}" for row in rows)
    return [Bars("8-byte round trips beside a bulk message", "round trips per second", groups,
                 bars(rows, RANKS, lambda row, name: row.figure(name, "round_trips_per_second")),
                 levels={"target at 100 Mbit": 200, "target at 10 Mbit": 30}, log_y=True),
            Bars("Time of the bulk message, with round trips / alone", "ratio", groups,
                 bars(rows, RANKS, lambda row, name: row.ratio(name, name, "median", "alone")),
                 levels={"target at 100 Mbit": 1.03})]


def under_bulk_verdicts(rows):
    def figure(case, get):
        return {"": next((get(row) for row in rows if row.case == case), None)}

    def rate(row):
        return row.figure("prun", "round_trips_per_second")
    return [verdicts.at_least(3, "8-byte round trips per second beside 24 MiB at 100 Mbit", 200,
                              figure("100 Mbit", rate), words.count),
            verdicts.at_most(3, "time of the bulk at 100 Mbit, with round trips / alone", 1.03,
                             figure("100 Mbit", lambda row: row.ratio("prun", "prun", "median", "alone"))),
            verdicts.at_least(3, "8-byte round trips per second beside bulk at 10 Mbit", 30, figure("10 Mbit", rate),
                              words.count)]


SMALL_UNDER_BULK = Experiment(
    "small_under_bulk", 3, "Small messages beside a bulk message",
    "One large message from A to B, and 8-byte round trips between the same two ranks until it is there.",
    runs=(Run(SLOW_PAIR, ("small_under_bulk",), (24 * MIB,), case="100 Mbit", iterations=1),
          Run(Where(2, "10mbit"), ("small_under_bulk",), (4 * MIB,), case="10 Mbit", iterations=1)),
    quick=(Run(SLOW_PAIR, ("small_under_bulk",), (MIB,), case="100 Mbit", programs=("prun",), iterations=1),),
    tables=under_bulk_tables, panels=under_bulk_panels, verdicts=under_bulk_verdicts)


def one_host_tables(rows):
    streams, others = rows.of("bandwidth"), Rows(row for row in rows if row.op != "bandwidth")
    return [table(others, [("ranks", lambda row: str(row.ranks))] + operation_columns(others)[-2:] +
                  figure_columns(others, RANKS, "median", words.seconds) +
                  [("prun/better peer", lambda row: words.ratio(row.to_better_peer()))]),
            table(streams, [("ranks", lambda row: str(row.ranks))] + operation_columns(streams)[-2:] +
                  figure_columns(streams, RANKS, "bytes_per_second", words.per_second) +
                  [("prun/better peer", lambda row: words.ratio(row.to_better_peer("bytes_per_second", most=True)))])]


def one_host_panels(rows):
    times, streams = rows.of("latency"), rows.of("bandwidth")
    return [Bars("One-way time, 2 ranks on one host", "microseconds", tuple(words.size(row.bytes) for row in times),
                 bars(times, RANKS, lambda row, name: scaled(row.figure(name), 1e6)), log_y=True),
            Bars("Stream, 2 ranks on one host", "GB/s", tuple(words.size(row.bytes) for row in streams),
                 bars(streams, RANKS, lambda row, name: scaled(row.figure(name, "bytes_per_second"), 1e-9))),
            Bars("Barrier of 8 ranks on this machine", "microseconds", ("barrier",),
                 bars(rows.of("barrier"), RANKS, lambda row, name: scaled(row.figure(name), 1e6)), log_y=True)]


def one_host_verdicts(rows):
    return [verdicts.at_most(6, "one host, 2 ranks, latency of 1 B, 64 KiB, 1 MiB, prun / better peer", 1.0,
                             {words.size(row.bytes): row.to_better_peer() for row in rows.of("latency")}),
            verdicts.at_most(6, "one host, 2 ranks, stream of 64 KiB and 1 MiB, time of prun / better peer", 1.0,
                             {words.size(row.bytes): quotient(1, row.to_better_peer("bytes_per_second", most=True))
                              for row in rows.of("bandwidth")}),
            verdicts.at_most(6, "barrier of 8 ranks on the cores there are, prun / better peer", 1.0,
                             {"": row.to_better_peer() for row in rows.of("barrier")})]


ONE_HOST = Experiment(
    "one_host", 6, "Ranks of one host",
    "Ranks as processes of one machine, each library with the shared memory it chooses by itself. The barrier has more "
    "ranks than a small board has cores, so that a rank that spins takes time from the one it waits for.",
    runs=(Run(local(2), ("latency",), (1, 64 * KIB, MIB), programs=PROGRAMS),
          Run(local(2), ("bandwidth",), (64 * KIB, MIB), programs=PROGRAMS),
          Run(local(8), ("barrier",), programs=PROGRAMS, seconds=0.5)),
    quick=(Run(local(2), ("latency",), (1, 64 * KIB), programs=PROGRAMS, iterations=20),
           Run(local(4), ("barrier",), programs=("prun",), iterations=3)),
    tables=one_host_tables, panels=one_host_panels, verdicts=one_host_verdicts, rounds=5)
