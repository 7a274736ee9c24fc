"""bench/compare: how figures become ratios, verdicts, tables and plots; how failures are borne; a run here."""
import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree
from unittest import mock

import canned

SOURCE = os.environ["PRUN_SOURCE"]
COMPARE = os.path.join(SOURCE, "bench", "compare")

from comparison import (by_hand, command, measuring, outside, performance_page, places, plots,  # noqa: E402
                        processes, report)
from comparison import verdicts, words  # noqa: E402
from comparison.catalogue import EXPERIMENTS, collectives  # noqa: E402
from comparison.experiment import Experiment, Run  # noqa: E402
from comparison.measuring import Measurement, is_complete  # noqa: E402
from comparison.places import Where, local  # noqa: E402
from comparison.processes import CommandFailed, run_command, started  # noqa: E402
from comparison.programs import Mpich, OpenMpi, Prun, records_of, whole_records_of  # noqa: E402
from comparison.results import Results  # noqa: E402


def cells_of(text, *beginning):
    """The cells of the line of a Markdown table that begins so."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("| \n").split("|")]
        if cells[:len(beginning)] == list(beginning):
            return cells
    raise AssertionError(f"no row {beginning} in:\n{text}")


class RowsTest(unittest.TestCase):
    def row(self, *rounds):
        """rounds: {implementation: figures} of each."""
        found = canned.results()
        for number, figures in enumerate(rounds, 1):
            for name, values in figures.items():
                found.add("latency", number, canned.record(name, "latency", 1, **values))
        return found.rows("latency")[0]

    def test_ratios_are_taken_within_rounds(self):
        """The machine is ten times slower in the second round, and nobody is better for it."""
        row = self.row({"prun": {"median": 2.0}, "mpich": {"median": 1.0}},
                       {"prun": {"median": 20.0}, "mpich": {"median": 10.0}},
                       {"prun": {"median": 2.0}})
        self.assertEqual(row.ratio("prun", "mpich"), 2.0)
        self.assertEqual((row.figure("prun"), row.figure("mpich")), (2.0, 5.5))

    def test_never_in_one_round(self):
        row = self.row({"prun": {"median": 3.0}}, {"mpich": {"median": 2.0}})
        self.assertEqual(row.ratio("prun", "mpich"), 1.5)

    def test_the_better_peer(self):
        row = self.row({"prun": {"median": 3.0, "rate": 6.0}, "mpich": {"median": 2.0, "rate": 3.0},
                        "openmpi": {"median": 6.0, "rate": 1.0}})
        self.assertEqual(row.to_better_peer(), 1.5)
        self.assertEqual(row.to_better_peer("rate", most=True), 2.0)

    def test_what_is_missing_is_none(self):
        row = self.row({"prun": {"median": 3.0}})
        self.assertIsNone(row.to_better_peer())
        self.assertIsNone(row.figure("prun", "other"))
        self.assertIsNone(row.to_bound("prun"))
        self.assertIsNone(row.ratio("prun", "mpich"))

    def test_several_starts_in_a_round_count_as_their_median(self):
        found = canned.results()
        for value in (1.0, 9.0, 2.0):
            found.add("starting", 1, canned.record("prun", "init", 0, median=value))
        self.assertEqual(found.rows("starting")[0].figure("prun"), 2.0)

    def test_cases_are_rows_of_their_own(self):
        found = canned.results()
        found.add("small_under_bulk", 1, canned.record("prun", "small_under_bulk", 5, case="fast"))
        found.add("small_under_bulk", 1, canned.record("prun", "small_under_bulk", 5, case="slow"))
        self.assertEqual([row.case for row in found.rows("small_under_bulk")], ["fast", "slow"])


class VerdictsTest(unittest.TestCase):
    def test_the_worst_decides(self):
        limits = {"a": 1.0, "b": 1.10, "c": 0.5}
        self.assertTrue(verdicts.at_most(1, "", 1.10, limits).met)
        self.assertFalse(verdicts.below(1, "", 1.10, limits).met)
        self.assertFalse(verdicts.at_most(1, "", 1.09, limits).met)
        self.assertEqual(verdicts.at_most(1, "", 1.09, limits).measured, "1.100 (b)")
        self.assertTrue(verdicts.at_least(1, "", 0.5, limits).met)
        self.assertFalse(verdicts.at_least(1, "", 0.51, limits).met)
        self.assertEqual(verdicts.at_least(1, "", 0.51, limits).measured, "0.500 (c)")

    def test_nothing_is_met_by_silence(self):
        self.assertIsNone(verdicts.at_most(1, "", 1.0, {}).met)
        self.assertIsNone(verdicts.at_most(1, "", 1.0, {"a": None}).met)
        partly = verdicts.at_most(1, "", 1.0, {"a": 0.5, "b": None})
        self.assertIsNone(partly.met)
        self.assertEqual(partly.word(), "not measured")
        self.assertIn("without b", partly.measured)
        self.assertFalse(verdicts.at_most(1, "", 1.0, {"a": 1.5, "b": None}).met)

    def test_every_target_has_verdicts_and_is_met_by_good_results(self):
        judged = report.verdicts_of(canned.all_experiments(good=True))
        self.assertEqual({verdict.target for _, verdict in judged}, set(range(1, 11)))
        for experiment, verdict in judged:
            with self.subTest(experiment=experiment.name, what=verdict.what):
                self.assertIs(verdict.met, True, verdict.measured)

    def test_every_verdict_is_missed_by_bad_results(self):
        for experiment, verdict in report.verdicts_of(canned.all_experiments(good=False)):
            with self.subTest(experiment=experiment.name, what=verdict.what):
                self.assertIs(verdict.met, False, verdict.measured)

    def test_a_quick_run_is_not_judged(self):
        found = canned.all_experiments(good=True)
        found.about["quick"] = True
        self.assertEqual(report.verdicts_of(found), [])
        self.assertIn("Its times say nothing", report.text(found))

    def test_a_cliff(self):
        found = canned.results()
        for size, seconds in ((4096, 1.0), (8192, 3.0), (16384, 2.0)):
            found.add("collectives_between", 1, canned.record("prun", "bcast", size, slowest_median=seconds))
        cliffs = collectives.cliffs(found.rows("collectives_between"))
        self.assertEqual({where: round(value, 3) for where, value in cliffs.items()},
                         {"bcast 4 KiB": 0.333, "bcast 8 KiB": 1.5})


class ReportTest(unittest.TestCase):
    def test_a_table_of_times_and_ratios(self):
        found = canned.results()
        for name, seconds in (("tcp_spinning", 5e-6), ("mpich", 8e-6), ("openmpi", 20e-6), ("prun", 10e-6)):
            found.add("latency", 1, canned.record(name, "latency", 1, median=seconds))
        self.assertEqual(cells_of(report.text(found), "latency", "1 B"),
                         ["latency", "1 B", "5.00 us", "8.00 us", "20.0 us", "10.0 us", "2.00", "1.25", "0.50"])

    def test_collectives_are_judged_by_the_slowest_rank(self):
        found = canned.results()
        for name, average, slowest in (("mpich", 0.1, 0.4), ("prun", 0.2, 0.3)):
            found.add("collectives_8_100mbit", 1,
                      canned.record(name, "gather", 1024, median=average, slowest_median=slowest, bound=0.2))
        self.assertEqual(cells_of(report.text(found), "gather", "1 KiB"),
                         ["gather", "1 KiB", "200 ms", "400 ms", "300 ms", "2.00", "1.50", "0.75"])

    def test_predicted_and_measured_side_by_side(self):
        found = canned.results()
        found.add("collectives_8_100mbit", 1, canned.record("prun", "bcast", 8, slowest_median=0.3, predicted=0.2,
                                                            algorithm="chain"))
        found.add("collectives_8_100mbit", 1, canned.record("prun", "barrier", 0, slowest_median=0.1))
        text = report.text(found)
        self.assertEqual(cells_of(text, "bcast", "8 B", "chain"), ["bcast", "8 B", "chain", "200 ms", "300 ms", "1.50"])

    def test_failures_stand_in_the_report(self):
        found = canned.results()
        found.add("latency", 1, canned.record("prun", "latency", 1))
        found.fail("latency", "mpich", 2, "silent for 60 s")
        self.assertIn("- MPICH, round 2: silent for 60 s", report.text(found))

    def test_sections_stand_in_the_order_of_the_catalogue(self):
        found = canned.results()
        for name in ("starting", "latency"):
            found.add(name, 1, canned.record("prun", "init" if name == "starting" else "latency", 0))
        text = report.text(found)
        self.assertLess(text.index("## Latency"), text.index("## Starting"))

    def test_the_machine_and_the_command_stand_in_the_report(self):
        text = report.text(canned.all_experiments(good=True))
        for words_of_it in ("a processor", "2 cores", "Linux 6", "2026-01-02", "bench/compare --report", "MPICH 1"):
            self.assertIn(words_of_it, text)

    def test_units(self):
        self.assertEqual([words.seconds(value) for value in (1.234e-6, 0.000_9994, 0.0345, 0.9999, 61.0, None)],
                         ["1.23 us", "999 us", "34.5 ms", "1.00 s", "61.0 s", "-"])
        self.assertEqual([words.percent(share) for share in (0.5, 0.0099, 0.000_015)], ["50.0 %", "0.99 %", "0.0015 %"])
        self.assertEqual([words.size(count) for count in (1, 1025, 65536, 1 << 20)],
                         ["1 B", "1025 B", "64 KiB", "1 MiB"])

    @unittest.skipUnless(shutil.which("gnuplot"), "there is no gnuplot")
    def test_the_folder_has_a_plot_of_each_experiment(self):
        found = canned.all_experiments(good=True)
        with tempfile.TemporaryDirectory() as folder:
            report.write(found, folder)
            with open(os.path.join(folder, "report.md"), encoding="utf-8") as file:
                text = file.read()
            for experiment in EXPERIMENTS:
                with self.subTest(experiment.name):
                    self.assertIn(f"({experiment.name}.svg)", text)
                    drawn = xml.etree.ElementTree.parse(os.path.join(folder, experiment.name + ".svg"))
                    shown = " ".join(drawn.getroot().itertext())
                    for panel in experiment.panels(found.rows(experiment.name)):
                        self.assertIn(panel.title, shown)
                        self.assertIn(panel.y_label, shown)
                    self.assertIn("prun", shown)
            self.assertEqual(report.text(Results.load(os.path.join(folder, "results.json")),
                                         [one.name for one in EXPERIMENTS]), text)

    @unittest.skipUnless(shutil.which("gnuplot"), "there is no gnuplot")
    def test_nothing_is_drawn_of_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "empty.svg")
            self.assertFalse(plots.draw([plots.Bars("", "", ("a",), {"prun": [None]})], path))
            self.assertFalse(os.path.exists(path))


class PerformancePageTest(unittest.TestCase):
    def test_figures_come_from_the_committed_results(self):
        """After a new report: bench/compare --page docs/performance.md"""
        with open(os.path.join(SOURCE, "docs", "performance.md"), encoding="utf-8") as file:
            page = file.read()
        self.assertEqual(performance_page.filled(page, SOURCE), page)

    def test_a_page_without_figures_is_refused(self):
        with self.assertRaises(ValueError):
            performance_page.filled("nothing", SOURCE)


class ResultsTest(unittest.TestCase):
    def test_stored_results_give_the_same_report(self):
        found = canned.results()
        found.add("latency", 1, canned.record("prun", "latency", 8))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "kept.json")
            found.save(path)
            done = subprocess.run([COMPARE, "--from", path], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, report.text(found))

    def test_merged_rounds_follow_one_another(self):
        first, second = canned.results(), canned.results()
        first.add("latency", 1, canned.record("prun", "latency", 8, median=1.0))
        first.fail("latency", "mpich", 2, "hung")
        second.add("latency", 1, canned.record("prun", "latency", 8, median=3.0))
        second.add("stream", 1, canned.record("prun", "bandwidth", 8, median=5.0))
        first.merge(second)
        self.assertEqual([(one["experiment"], one["round"]) for one in first.records],
                         [("latency", 1), ("latency", 3), ("stream", 1)])
        self.assertEqual(first.rows("latency")[0].figure("prun"), 2.0)
        self.assertEqual(len(first.sessions), 2)

    def test_results_of_different_machines_are_not_merged(self):
        other = canned.results()
        other.about["machine"] = {**other.about["machine"], "cores": 4}
        with self.assertRaises(ValueError):
            canned.results().merge(other)

    def test_other_files_are_refused(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write("[1]")
            file.flush()
            done = subprocess.run([COMPARE, "--from", file.name], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("does not hold results", done.stderr)

    def test_output_of_programs(self):
        self.assertEqual(records_of('{"a": 1}\n{"a": 2}\n'), [{"a": 1}, {"a": 2}])
        with self.assertRaises(CommandFailed):
            records_of("hello\n")
        self.assertEqual(whole_records_of('{"a": 1}\n{"a": '), [{"a": 1}])


class ProgramsTest(unittest.TestCase):
    """How ranks are placed: alike by all three launchers."""
    BINARIES = "/bin-of-tests"

    def place(self, ranks_per_host):
        cluster = mock.Mock(**{"names.return_value": ["rpi1", "rpi2", "rpi3"]})
        return places.ClusterPlace(Where(2, "100mbit", ranks_per_host), cluster)

    def test_one_rank_on_each_host(self):
        place = self.place(1)
        self.assertEqual(Prun(self.BINARIES).command(place)[1:], ["-H", "rpi1,rpi2"])
        self.assertIn("rpi1,rpi2", Mpich(self.BINARIES).command(place))
        self.assertIn("tcp,self", OpenMpi(self.BINARIES).command(place))

    def test_two_ranks_on_each_host(self):
        place = self.place(2)
        self.assertEqual(Prun(self.BINARIES).command(place)[1:], ["-H", "rpi1:2,rpi2:2"])
        for kind in (Mpich, OpenMpi):
            words_of_it = kind(self.BINARIES).command(place)
            self.assertIn("rpi1:2,rpi2:2", words_of_it)
            self.assertEqual(words_of_it[words_of_it.index("-n") + 1], "4")

    def test_local_ranks(self):
        place = places.LocalPlace(local(3))
        self.assertEqual(Prun(self.BINARIES).command(place)[1:], ["-n", "3"])
        self.assertEqual(Mpich(self.BINARIES).command(place)[1:], ["-n", "3"])
        self.assertNotIn("--mca", OpenMpi(self.BINARIES).command(place))


class SiteTest(unittest.TestCase):
    """The cluster: brought up once, large enough for all, and only where one is needed."""

    def setUp(self):
        self.calls = []
        patch = mock.patch.object(places.VirtualCluster, "_call", lambda cluster, *words_of_it:
                                  self.calls.append(words_of_it[:2]))
        patch.start()
        self.addCleanup(patch.stop)
        patch = mock.patch.object(places.VirtualCluster, "down", lambda cluster: self.calls.append(("down",)))
        patch.start()
        self.addCleanup(patch.stop)

    def test_one_cluster_for_all_places(self):
        with places.Site("/bin-of-tests") as site:
            site.expect([local(4), Where(2, "100mbit"), Where(9, "10mbit"), Where(4)])
            self.assertIsNone(site.at(local(4)).hosts)
            self.assertEqual(self.calls, [])
            self.assertEqual(site.at(Where(2, "100mbit")).hosts, ["rpi1", "rpi2"])
            self.assertEqual(len(site.at(Where(9, "100mbit")).hosts), 9)
            self.assertEqual(site.at(Where(4)).burst, 0)
        self.assertEqual(self.calls, [("up", "9"), ("rate", "100mbit"), ("rate", "none"), ("down",)])

    def test_recovering_restarts_only_the_hosts_of_the_place(self):
        with places.Site("/bin-of-tests") as site:
            site.at(Where(2)).recover()
        self.assertEqual(self.calls, [("up", "2"), ("off", "rpi1"), ("off", "rpi2"), ("on", "rpi1"), ("on", "rpi2"),
                                      ("down",)])


class CommandsTest(unittest.TestCase):
    def test_a_failure_keeps_words_and_output(self):
        with self.assertRaises(CommandFailed) as caught:
            run_command(["sh", "-c", "echo before; echo why >&2; exit 3"], 20)
        self.assertEqual(str(caught.exception), "exit status 3: why")
        self.assertEqual(caught.exception.output, "before\n")

    def test_a_program_that_is_not_there(self):
        with self.assertRaises(CommandFailed) as caught:
            run_command(["/no/such/program"], 20)
        self.assertIn("cannot run /no/such/program", str(caught.exception))

    def test_what_takes_too_long_is_ended_with_its_children(self):
        with self.assertRaises(CommandFailed) as caught:
            run_command(["sh", "-c", "echo before; sleep 1000 & echo $!; wait"], 0.5)
        before, child = caught.exception.output.split()
        self.assertEqual(before, "before")
        with self.assertRaises(ProcessLookupError):
            self.wait_for_end(int(child))

    def test_what_is_silent_for_too_long_is_ended(self):
        with self.assertRaises(CommandFailed) as caught:
            run_command(["sh", "-c", "echo before; exec sleep 1000"], 60, silence=1)
        self.assertEqual(str(caught.exception), "silent for 1 s")
        self.assertEqual(caught.exception.output, "before\n")

    def test_what_printed_all_and_lingers_is_ended(self):
        with mock.patch.object(processes, "LINGER_SECONDS", 0.5), self.assertRaises(CommandFailed) as caught:
            run_command(["sh", "-c", "echo all; exec sleep 1000"], 60, complete=lambda text: text == "all\n")
        self.assertEqual(str(caught.exception), "printed everything and did not end")
        self.assertEqual(caught.exception.output, "all\n")

    def test_an_interruption_while_it_starts_leaves_nothing(self):
        class Interrupted(BaseException):
            pass

        def interrupt(*_):
            raise Interrupted

        class InterruptedPopen(subprocess.Popen):
            def __init__(self, *arguments, **options):
                super().__init__(*arguments, **options)
                children.append(self.pid)
                signal.raise_signal(signal.SIGTERM)

        children = []
        before = signal.signal(signal.SIGTERM, interrupt)
        try:
            with mock.patch.object(subprocess, "Popen", InterruptedPopen), self.assertRaises(Interrupted):
                with started(["sleep", "1000"]):
                    self.fail("it came too late")
        finally:
            signal.signal(signal.SIGTERM, before)
        with self.assertRaises(ProcessLookupError):
            self.wait_for_end(children[0])

    def test_complete_output(self):
        operations = ("bcast", "gather")
        whole = [{"op": name} for name in operations for _ in (8, 16)]
        self.assertTrue(is_complete(whole, operations, (8, 16)))
        for length in range(len(whole)):
            self.assertFalse(is_complete(whole[:length], operations, (8, 16)))
        self.assertTrue(is_complete([{"op": "barrier"}], ("barrier",), (8, 16)))

    def wait_for_end(self, pid):
        """Raises ProcessLookupError when it has ended; a zombie nobody reaps counts as ended."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
                if file.read().rsplit(")", 1)[1].split()[0] == "Z":
                    raise ProcessLookupError
            time.sleep(0.02)


class FakeProgram:
    """outcomes: of its starts, one after another; the last one again and again."""
    is_floor = False

    def __init__(self, name, *outcomes, lacking=""):
        self.name = self.title = name
        self.outcomes = list(outcomes)
        self.starts = 0
        self.lacking = lacking

    def measures(self, operation):
        return True

    def lacks(self, option):
        return option == self.lacking

    def mark(self, record):
        record["implementation"] = self.name

    def run(self, place, arguments, **limits):
        outcome = self.outcomes[min(self.starts, len(self.outcomes) - 1)]
        self.starts += 1
        if isinstance(outcome, Exception):
            raise outcome
        return json.loads(json.dumps(outcome))


class MeasuringTest(unittest.TestCase):
    GOOD = [canned.record("", "latency", 1)]

    def setUp(self):
        self.place = mock.Mock(rate=None)
        self.site = mock.Mock(**{"at.return_value": self.place})
        self.results = canned.results()
        patch = mock.patch.object(measuring, "say")
        patch.start()
        self.addCleanup(patch.stop)

    def perform(self, *programs, rounds=1, needs="", operation="latency"):
        run = Run(local(2), (operation,), (1,), programs=tuple(program.name for program in programs))
        one = Experiment("one", 0, "", "", (run,), (run,), tables=lambda rows: [], rounds=rounds, needs=needs)
        Measurement(self.site, {program.name: program for program in programs}, self.results).perform([one], False)

    def order(self):
        return [(one["implementation"], one["round"]) for one in self.results.records]

    def test_programs_take_turns(self):
        self.perform(FakeProgram("mpich", self.GOOD), FakeProgram("prun", self.GOOD), rounds=2)
        self.assertEqual(self.order(), [("mpich", 1), ("prun", 1), ("mpich", 2), ("prun", 2)])

    def test_a_failed_start_is_made_once_more(self):
        peer = FakeProgram("mpich", CommandFailed("hung"), self.GOOD)
        self.perform(peer, FakeProgram("prun", self.GOOD))
        self.assertEqual(self.order(), [("mpich", 1), ("prun", 1)])
        self.assertEqual([one["cause"] for one in self.results.failures], ["hung"])
        self.place.recover.assert_called_once_with()

    def test_what_was_printed_before_it_hung_counts(self):
        peer = FakeProgram("mpich", CommandFailed("hung", json.dumps(self.GOOD[0]) + "\n"))
        self.perform(peer)
        self.assertEqual((peer.starts, self.order()), (1, [("mpich", 1)]))

    def test_who_only_does_not_end_is_not_given_up(self):
        peer = FakeProgram("mpich", CommandFailed("hung", json.dumps(self.GOOD[0]) + "\n"))
        self.perform(peer, rounds=10)
        self.assertEqual((peer.starts, len(self.order())), (10, 10))

    def test_who_fails_again_and_again_is_given_up(self):
        peer, ours = FakeProgram("mpich", CommandFailed("hung")), FakeProgram("prun", self.GOOD)
        self.perform(peer, ours, rounds=10)
        self.assertEqual((peer.starts, ours.starts), (3, 10))
        self.assertIn("left out", self.results.failures[-1]["cause"])

    def test_what_nobody_can_do_is_left_out(self):
        program = FakeProgram("prun", self.GOOD, lacking="--payload")
        self.perform(program, needs="--payload")
        self.assertEqual(program.starts, 0)
        self.assertEqual(self.results.failures[0]["cause"], "left out, since there is no --payload")

    def test_measured_from_outside(self):
        """Half a second until it is there, whatever it prints before."""
        program = FakeProgram("prun")
        program.launcher = "prun"
        self.place.hosts = ["rpi1", "rpi2", "rpi3"]
        self.place.on.side_effect = lambda host, words_of_it: ["echo", "10.0 10.25 10.5 11.0"]
        self.perform(program, operation="logins")
        found = self.results.records[0]
        self.assertEqual((found["op"], found["ranks"], found["median"], found["whole"]), ("logins", 2, 0.5, 1.0))
        self.place.on.side_effect = lambda host, words_of_it: ["echo", "10.0 10.25 11.0"]
        with self.assertRaises(CommandFailed):
            outside.logins(program, self.place, 20)

    def test_starting_again(self):
        """The run in the middle counts; one that did not reach every host does not."""
        times = "".join(f" {i} {i + seconds / 10}" for i, seconds in enumerate((9, 1, 2, 3, 4, 5, 6, 7, 8)))
        program = FakeProgram("prun")
        program.launcher = "prun"
        self.place.hosts = ["rpi1", "rpi2", "rpi3"]
        self.place.on.side_effect = lambda host, words_of_it: ["echo", "2" + times]
        self.perform(program, operation="logins_again")
        found = self.results.records[0]
        self.assertEqual((found["op"], found["ranks"], round(found["median"], 3)), ("logins_again", 2, 0.5))
        self.place.on.side_effect = lambda host, words_of_it: ["echo", "1" + times]
        with self.assertRaises(CommandFailed):
            outside.logins_again(program, self.place, 20)

    def test_files_sent_along(self):
        """To one host, then to two."""
        program = FakeProgram("prun")
        program.launcher = "prun"
        self.place.hosts = ["rpi1", "rpi2", "rpi3"]
        one, all_of_them = "10.0 20000000 data 12.0 ", "20.0 20000000 data 20000000 data 22.5"
        self.place.on.side_effect = lambda host, words_of_it: ["echo", one + all_of_them]
        self.perform(program, operation="staged")
        found = self.results.records[0]
        self.assertEqual((found["op"], found["ranks"], found["median"], found["alone"]), ("staged", 2, 2.5, 2.0))
        self.place.on.side_effect = lambda host, words_of_it: ["echo", one + "20.0 20000000 data 22.5"]
        with self.assertRaises(CommandFailed):
            outside.staged(program, self.place, 20)


class ArgumentsTest(unittest.TestCase):
    def refused(self, *arguments):
        said = io.StringIO()
        with self.assertRaises(SystemExit) as caught, contextlib.redirect_stderr(said):
            command.parse(arguments)
        self.assertEqual(caught.exception.code, 2)
        return said.getvalue()

    def test_refusals(self):
        self.assertIn("there is no operation sing", self.refused("--ops", "latency,sing"))
        self.assertIn("there is no experiment sing", self.refused("--experiments", "sing"))
        self.assertIn("is no size", self.refused("--bytes", "4X"))
        self.assertIn("--rate", self.refused("--rate", "fast"))
        self.assertIn("fewer than 2", self.refused("--hosts", "1"))
        self.assertIn("none of", self.refused("--only", "pvm"))
        self.assertIn("leave --experiments", self.refused("--experiments", "latency", "--ops", "bcast"))

    def test_sizes(self):
        self.assertEqual(command.sizes("1,4K,2MiB"), (1, 4096, 2 << 20))

    def test_experiments_by_pattern(self):
        chosen = command.parse(["--experiments", "starting,collectives_*"]).experiments
        self.assertEqual(chosen[0].name, "starting")
        self.assertGreater(len(chosen), 4)
        self.assertTrue(all(one.name.startswith("collectives_") for one in chosen[1:]))

    def test_by_hand(self):
        found = by_hand.experiments(["bcast", "latency"], (5,), hosts=8)
        self.assertEqual([(one.name, [(run.where.hosts, run.operations, run.sizes) for run in one.runs])
                          for one in found],
                         [("pairs", [(2, ("latency",), (5,))]), ("all_ranks", [(8, ("bcast",), (5,))])])

    def test_what_was_measured_is_told_without_folders(self):
        self.assertEqual(command.what_was_measured(["--json", "a", "--quick", "--bin=b", "--report", "--only", "tcp",
                                                    "--report", "c", "--rounds", "2"]),
                         ["--quick", "--only", "tcp", "--rounds", "2"])

    def test_a_report_has_a_folder_by_default(self):
        self.assertIn(os.path.join("bench", "results"), command.parse(["--report", "--quick"]).report)
        self.assertIsNone(command.parse(["--quick"]).report)

    def test_list(self):
        listed = subprocess.run([COMPARE, "--list"], capture_output=True, text=True, timeout=60, check=True).stdout
        self.assertEqual([line.split()[0] for line in listed.splitlines()], [one.name for one in EXPERIMENTS])


class LocalRunTest(unittest.TestCase):
    ARGUMENTS = [COMPARE, "--local", "--hosts", "2", "--only", "tcp", "--bytes", "8", "--seconds", "0.01", "--bin",
                 os.environ["PRUN_BIN"]]

    def test_bare_tcp_on_this_machine(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "raw.json")
            done = subprocess.run([*self.ARGUMENTS, "--rounds", "2", "--ops", "latency,bandwidth", "--json", path],
                                  capture_output=True, text=True, timeout=100)
            self.assertEqual(done.returncode, 0, done.stderr)
            kept = Results.load(path)
        self.assertEqual(len(cells_of(done.stdout, "latency", "8 B")), 4)
        self.assertEqual(len(kept.records), 2 * 2 * 2)
        self.assertEqual({one["round"] for one in kept.records}, {1, 2})

    def test_interrupted_it_tells_what_it_has(self):
        process = subprocess.Popen([*self.ARGUMENTS, "--rounds", "100000", "--ops", "latency"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        with process:
            try:
                for line in process.stderr:
                    if "round 1/" in line:
                        break
                process.send_signal(signal.SIGTERM)
                out, _ = process.communicate(timeout=60)
            finally:
                process.kill()
        self.assertEqual(process.returncode, 128 + signal.SIGTERM)
        cells_of(out, "latency", "8 B")


if __name__ == "__main__":
    unittest.main()
