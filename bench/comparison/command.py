"""Arguments of bench/compare, and the order in which things happen."""
import argparse
import datetime
import fnmatch
import os
import re
import shlex
import signal
import sys

from . import by_hand, machine, performance_page, plots, report
from .catalogue import EXPERIMENTS
from .measuring import Measurement, say
from .places import SOURCE, PlaceError, Site, rate_bits
from .processes import INTERRUPTIONS
from .programs import PROGRAMS
from .results import Results

EXIT_FAILED, EXIT_USAGE = 1, 2
BY_HAND = ("ops", "bytes", "hosts", "rate", "seconds")


class Interrupted(BaseException):
    pass


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="compare", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Runs bare TCP, MPICH, Open MPI and prun in turn, several rounds, on a virtual cluster of its\n"
                    "own (scripts/vcluster; needs root), and tells how they compare. The cluster is taken down at\n"
                    "the end, also when interrupted.\n\n"
                    "  compare --report                           all experiments, about 25 minutes: a report, plots\n"
                    "  compare --experiments latency,starting     some of them, as text\n"
                    "  compare --quick                            all of them, so short that figures say nothing\n"
                    "  compare --ops bcast --bytes 1K,1M          one thing by hand; also with --local")
    what = parser.add_argument_group("what is measured")
    what.add_argument("--list", action="store_true", help="name the experiments and leave")
    what.add_argument("--experiments", type=experiments, metavar="NAME,...",
                      help="only these; patterns such as 'collectives_*' too")
    what.add_argument("--quick", action="store_true",
                      help="shortened to a check that everything runs and all data is right")
    what.add_argument("--rounds", type=positive, metavar="N", help="instead of each experiment's own number")
    what.add_argument("--only", type=lambda text: text.split(","), metavar="NAME,...",
                      help="only these of " + ", ".join(program.name for program in PROGRAMS))
    hand = parser.add_argument_group("by hand, instead of experiments")
    hand.add_argument("--ops", type=operations, metavar="NAME,...",
                      help="these operations (bench_prun --list-ops names them), or all")
    hand.add_argument("--bytes", type=sizes, metavar="LIST",
                      help="only these sizes, such as 1,4K,1M; not for small_under_bulk")
    hand.add_argument("--hosts", type=positive, metavar="N",
                      help="hosts for collectives and starting (default 8); point to point has 2")
    hand.add_argument("--rate", help="speed of the links: 10mbit, 100mbit (default), 1gbit, none")
    hand.add_argument("--local", action="store_true",
                      help="without a cluster: local ranks on this machine, as many as --hosts says")
    hand.add_argument("--seconds", type=float, metavar="S", help="time for one measurement (default 0.5)")
    kept = parser.add_argument_group("what becomes of the results")
    kept.add_argument("--json", metavar="FILE", help="keep the raw results in FILE")
    today = os.path.join("bench", "results", datetime.date.today().isoformat())
    kept.add_argument("--report", nargs="?", const=os.path.join(SOURCE, today), metavar="DIR",
                      help=f"write report.md, plots and results.json there (without DIR: {today})")
    kept.add_argument("--from", "--merge", dest="stored", nargs="+", metavar="FILE",
                      help="measure nothing, take kept results; several of one machine are put together")
    kept.add_argument("--page", metavar="FILE",
                      help="measure nothing, write the figures in FILE (docs/performance.md) anew from the results it "
                           "names")
    parser.add_argument("--bin", default=os.path.join(SOURCE, "build", "release", "bin"), metavar="DIR",
                        help="where the programs are (default: build/release/bin)")
    parser.add_argument("--timeout", type=float, metavar="S",
                        help="give one start of a program up after so many seconds (default 600, with --quick 60)")
    parser.add_argument("--silence", type=float, metavar="S",
                        help="or when it prints no figure for so many seconds (default 60, with --quick 20)")
    options = parser.parse_args(arguments)
    options.by_hand = options.local or any(getattr(options, name) is not None for name in BY_HAND)
    options.timeout = options.timeout or (60 if options.quick else 600)
    options.silence = options.silence or (20 if options.quick else 60)
    options.bin = os.path.realpath(options.bin)
    if options.by_hand and (options.experiments or options.quick):
        parser.error("experiments have their own operations, sizes and hosts: leave --experiments and --quick out, or "
                     "the options of measuring by hand")
    if options.hosts is not None and options.hosts < 2:
        parser.error("--hosts: there is nothing to measure on fewer than 2")
    try:
        rate_bits(options.rate or "none")
    except ValueError as error:
        parser.error(f"--rate: {error}")
    known = [program.name for program in PROGRAMS]
    for name in options.only or ():
        if name not in known:
            parser.error(f"--only: {name} is none of {', '.join(known)}")
    return options


def experiments(text):
    found = []
    for pattern in text.split(","):
        matching = [one for one in EXPERIMENTS if fnmatch.fnmatchcase(one.name, pattern)]
        if not matching:
            raise argparse.ArgumentTypeError(f"there is no experiment {pattern}, only "
                                             f"{', '.join(one.name for one in EXPERIMENTS)}")
        found += [one for one in matching if one not in found]
    return found


def operations(text):
    if text == "all":
        return by_hand.OPERATIONS
    found = text.split(",")
    for name in found:
        if name not in by_hand.OPERATIONS:
            raise argparse.ArgumentTypeError(f"there is no operation {name}, only {', '.join(by_hand.OPERATIONS)}")
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


def chosen_experiments(options):
    if options.by_hand:
        return by_hand.experiments(options.ops, options.bytes, options.hosts or 8, options.rate or "100mbit",
                                   options.local, options.seconds or 0.5)
    return options.experiments or EXPERIMENTS


def programs_there(options):
    programs = {}
    for kind in PROGRAMS:
        if options.only and kind.name not in options.only:
            continue
        program = kind(options.bin)
        cause = program.missing()
        if cause:
            say(f"without {program.title}: {cause}")
        else:
            programs[program.name] = program
    return programs


def about_this_run(options, arguments):
    return {"quick": options.quick, "machine": machine.describe(), "commit": machine.commit(),
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
            "command": shlex.join(["bench/compare", *what_was_measured(arguments)])}


def what_was_measured(arguments):
    """The arguments without those that only say where programs and results are."""
    kept = []
    skip = False
    for word in arguments:
        option = word.split("=")[0]
        if option not in ("--json", "--report", "--bin") and not (skip and not option.startswith("--")):
            kept.append(word)
        skip = word in ("--json", "--report", "--bin")
    return kept


def interrupt(number, _):
    raise Interrupted(signal.Signals(number).name)


def measure(options, arguments):
    """The results, and an exit status."""
    programs = programs_there(options)
    if not any(name.startswith("prun") or name == "tcp" for name in programs):
        say("nothing to compare: build the programs first (cmake --build --preset release)")
        return None, EXIT_FAILED
    for number in INTERRUPTIONS:
        signal.signal(number, interrupt)
    results = Results(about_this_run(options, arguments))
    busy = results.about["machine"]["load_before"]
    if busy > 0.5 and not options.quick:
        say(f"this machine is busy (load {busy}): figures are worse than on a quiet one")
    status = 0
    try:
        with Site(options.bin) as site:
            measurement = Measurement(site, programs, results, options.rounds, options.timeout, options.silence)
            measurement.perform(chosen_experiments(options), options.quick, done=lambda: keep(options, results))
    except PlaceError as error:
        say(f"the virtual cluster: {error}")
        status = EXIT_FAILED
    except Interrupted as signal_name:
        say(f"ended by {signal_name}; what was measured so far:")
        status = 128 + getattr(signal, str(signal_name))
    if not results.records and status == 0:
        say("nothing was measured")
        status = EXIT_FAILED
    if results.records:
        keep(options, results)
    return results, status or (EXIT_FAILED if ours_failed(results) else 0)


def keep(options, results):
    """Where somebody waits for them: what was measured so far is not lost by what goes wrong later."""
    if options.json:
        results.save(options.json)
    if options.report:
        os.makedirs(options.report, exist_ok=True)
        results.save(os.path.join(options.report, report.RAW))


def ours_failed(results):
    """A peer that fails is noted in the report; prun must not."""
    return any(one["implementation"].startswith(("prun", "tcp", "ssh")) for one in results.failures)


def load(paths):
    results = Results.load(paths[0])
    for path in paths[1:]:
        results.merge(Results.load(path))
    return results


def write_page(path):
    with open(path, encoding="utf-8") as file:
        page = file.read()
    filled = performance_page.filled(page, SOURCE)
    with open(path, "w", encoding="utf-8") as file:
        file.write(filled)


def main(arguments=None):
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parse(arguments)
    status = 0
    try:
        if options.list:
            width = max(len(one.name) for one in EXPERIMENTS)
            for one in EXPERIMENTS:
                print(f"{one.name.ljust(width)}  {f'target {one.target}: ' if one.target else ''}{one.title}")
            return 0
        if options.report:
            plots.gnuplot()  # before hours of measuring, not after
        if options.page:
            write_page(options.page)
            return 0
        results = load(options.stored) if options.stored else None
        if results is None:
            results, status = measure(options, arguments)
        elif options.json:
            results.save(options.json)
        if results and results.records:
            if options.report:
                report.write(results, options.report)
                say(f"the report is {os.path.join(options.report, 'report.md')}")
            else:
                print(report.text(results), end="")
    except (OSError, ValueError, KeyError, plots.NoPlots) as error:
        say(str(error) if not isinstance(error, KeyError) else f"the kept results lack {error}")
        return EXIT_FAILED
    return status
