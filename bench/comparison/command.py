"""Arguments of bench/compare, and the order in which things happen."""
import argparse
import os
import re
import signal
import sys
import time

from . import machine, tables
from .experiments import ALL_OPERATIONS, STARTING, UNSIZED, experiments
from .places import SOURCE, CommandFailed, LocalMachine, PlaceError, VirtualCluster, rate_bits
from .programs import PROGRAMS, whole_records_of
from .results import Results

EXIT_FAILED, EXIT_USAGE = 1, 2


class Interrupted(BaseException):
    pass


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="compare",
        description="Runs bare TCP, MPICH, Open MPI and prun in turn, several rounds, on a virtual cluster of its own "
                    "(scripts/vcluster; needs root) and prints a table for each experiment. The cluster is taken down "
                    "at the end, also when interrupted.")
    parser.add_argument("--quick", action="store_true", help="fewer hosts, sizes and rounds: under five minutes")
    parser.add_argument("--ops", type=names, metavar="NAME,...",
                        help="only these operations; bench_prun --list-ops names them")
    parser.add_argument("--bytes", type=sizes, metavar="LIST",
                        help="only these sizes, such as 1,4K,1M; not for small_under_bulk")
    parser.add_argument("--hosts", type=positive, metavar="N",
                        help="hosts for collectives and starting (default 8, with --quick 4); point to point has 2")
    parser.add_argument("--rate", default="100mbit", help="speed of the links: 10mbit, 100mbit (default), 1gbit, none")
    parser.add_argument("--rounds", type=positive, metavar="N", help="default 3, with --quick 2")
    parser.add_argument("--seconds", type=float, metavar="S",
                        help="time for one measurement (default 0.5, with --quick 0.1)")
    parser.add_argument("--only", type=lambda text: text.split(","), metavar="NAME,...",
                        help="only these of tcp, mpich, openmpi, prun")
    parser.add_argument("--local", action="store_true",
                        help="without a cluster: local ranks on this machine, as many as --hosts says")
    parser.add_argument("--json", metavar="FILE", help="keep the raw results in FILE")
    parser.add_argument("--from", dest="stored", metavar="FILE", help="measure nothing, print tables of kept results")
    parser.add_argument("--bin", default=os.path.join(SOURCE, "build", "release", "bin"), metavar="DIR",
                        help="where the programs are (default: build/release/bin)")
    parser.add_argument("--timeout", type=float, metavar="S",
                        help="give one start of a program up after so many seconds (default 600, with --quick 100)")
    parser.add_argument("--silence", type=float, default=60, metavar="S",
                        help="or when it prints no figure for so many seconds (default 60)")
    options = parser.parse_args(arguments)
    options.hosts = options.hosts or (4 if options.quick else 8)
    options.rounds = options.rounds or (2 if options.quick else 3)
    options.seconds = options.seconds or (0.1 if options.quick else 0.5)
    options.timeout = options.timeout or (100 if options.quick else 600)
    options.bin = os.path.realpath(options.bin)
    if options.hosts < 2:
        parser.error("--hosts: there is nothing to measure on fewer than 2")
    try:
        rate_bits(options.rate)
    except ValueError as error:
        parser.error(f"--rate: {error}")
    known = [program.name for program in PROGRAMS]
    for name in options.only or ():
        if name not in known:
            parser.error(f"--only: {name} is none of {', '.join(known)}")
    return options


def names(text):
    found = text.split(",")
    for name in found:
        if name not in ALL_OPERATIONS:
            raise argparse.ArgumentTypeError(f"there is no operation {name}, only {', '.join(ALL_OPERATIONS)}")
    return found


def sizes(text):
    found = []
    for word in text.split(","):
        match = re.fullmatch(r"(\d+)(?:([kKmM])(?:i?[bB])?)?", word)
        if not match:
            raise argparse.ArgumentTypeError(f"{word} is no size such as 1, 4K or 1M")
        found.append(int(match[1]) * {None: 1, "k": 1 << 10, "m": 1 << 20}[match[2] and match[2].lower()])
    return tuple(found)


def positive(text):
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is no number of 1 or more")
    return int(text)


def say(text):
    print(f"compare: {text}", file=sys.stderr, flush=True)


def arguments_for(run, operations, options, place, floor_latency):
    arguments = ["--json", "--op", ",".join(operations), "--bytes", ",".join(map(str, run.sizes)),
                 "--seconds", str(options.seconds)]
    if run.iterations:
        arguments += ["--iterations", str(run.iterations)]
    if place.rate:
        arguments += ["--rate", str(int(place.rate)), "--burst", str(place.burst)]
        if floor_latency:
            arguments += ["--latency", f"{floor_latency:.9f}"]
    return arguments


def measure(program, experiment, run, options, place, floor_latency):
    """The records of one run, with the wall time of the whole command where it was started for that."""
    operations = [name for name in run.operations if program.measures(name)]
    if not operations:
        return []
    arguments = arguments_for(run, operations, options, place, None if program.is_floor else floor_latency)
    records = []
    for _ in range(run.starts):
        start = time.monotonic()
        printed = program.run(place, experiment.hosts, arguments, timeout=options.timeout,
                              silence=min(options.silence, run.silence),
                              complete=lambda text: is_complete(whole_records_of(text), operations, run.sizes))
        launch = time.monotonic() - start
        for record in printed:
            if record["op"] == "init":
                record["launch"] = launch
        records += printed
    return records


def measure_or_fail(program, experiment, run, options, place, results, round_number, floor_latency):
    """As measure. A failure is noted and the run made once more, unless it had printed all: a peer may hang when it
    ends."""
    attempts = 2
    for attempt in range(1, attempts + 1):
        try:
            return measure(program, experiment, run, options, place, floor_latency)
        except CommandFailed as error:
            say(f"{program.title} failed in {experiment.name}: {error}")
            results.fail(experiment.name, program.name, round_number, str(error))
            place.recover()
            records = whole_records_of(error.output)
            # What starting costs is known only of a start that has ended.
            measured = [name for name in run.operations if program.measures(name) and name != STARTING]
            if attempt == attempts or (measured and is_complete(records, measured, run.sizes)):
                return records


def is_complete(records, operations, sizes):
    """Whether the figures of the last operation are all there."""
    last = operations[-1]
    if not records or records[-1]["op"] != last:
        return False
    return sum(record["op"] == last for record in records) >= (1 if last in UNSIZED else len(set(sizes)))


def compare(options, programs, place, results):
    todo = experiments(place.hosts, place.rate, options.quick, options.ops, options.bytes)
    floor_latency = None
    for round_number in range(1, options.rounds + 1):
        for experiment in todo:
            for run in experiment.runs:
                for program in programs:
                    start = time.monotonic()
                    records = measure_or_fail(program, experiment, run, options, place, results, round_number,
                                              floor_latency)
                    for record in records:
                        results.add(experiment.name, round_number, record)
                    if records:
                        say(f"round {round_number}/{options.rounds}, {experiment.name}, {program.title}: "
                            f"{len(records)} figures in {time.monotonic() - start:.1f} s")
                    if floor_latency is None and program.is_floor:
                        floor_latency = smallest_latency(records)


def smallest_latency(records):
    times = [record["median"] for record in records if record["op"] == "latency" and record["bytes"] == 1]
    return min(times, default=None)


def interrupt(number, _):
    raise Interrupted(signal.Signals(number).name)


def main(arguments=None):
    options = parse(arguments)
    if options.stored:
        try:
            print(tables.report(Results.load(options.stored)))
        except (OSError, ValueError, KeyError) as error:
            say(f"cannot read {options.stored}: {error}")
            return EXIT_FAILED
        return 0

    programs = []
    for kind in PROGRAMS:
        if options.only and kind.name not in options.only:
            continue
        program = kind(options.bin)
        cause = program.missing()
        if cause:
            say(f"without {program.title}: {cause}")
        else:
            programs.append(program)
    if not programs:
        say("nothing to compare: build the programs first (cmake --build --preset release)")
        return EXIT_FAILED

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    place = LocalMachine(options.hosts) if options.local else VirtualCluster(options.hosts, options.rate, options.bin)
    results = Results({"machine": machine.describe(), "place": place.describe(), "rounds": options.rounds,
                       "hosts": options.hosts, "rate": place.rate})
    if results.about["machine"]["load_before"] > 0.5:
        say(f"this machine is busy (load {results.about['machine']['load_before']}): figures are worse than on a quiet one")
    status = 0
    try:
        with place:
            compare(options, programs, place, results)
    except PlaceError as error:
        say(f"the virtual cluster: {error}")
        status = EXIT_FAILED
    except Interrupted as signal_name:
        say(f"ended by {signal_name}; what was measured so far:")
        status = 128 + getattr(signal, str(signal_name))
    if results.records:
        print(tables.report(results))
        if options.json:
            results.save(options.json)
            say(f"raw results are in {options.json}")
    elif status == 0:
        say("nothing was measured")
        status = EXIT_FAILED
    return status or (EXIT_FAILED if results.failures else 0)
