"""bench/compare: tables of given results, and a small run on this machine alone."""
import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

SOURCE = os.environ["PRUN_SOURCE"]
COMPARE = os.path.join(SOURCE, "bench", "compare")
sys.path.insert(0, os.path.join(SOURCE, "bench"))

from comparison import command, places, tables  # noqa: E402
from comparison.experiments import experiments  # noqa: E402
from comparison.places import CommandFailed, run_command  # noqa: E402
from comparison.programs import records_of, whole_records_of  # noqa: E402
from comparison.results import Results  # noqa: E402

MACHINE = {"processor": "a processor", "cores": 2, "memory_gib": 1.0, "kernel": "Linux", "load_before": 0.1}


def record(implementation, operation, size, median, **more):
    return {"implementation": implementation, "version": "1", "op": operation, "bytes": size, "ranks": 2, "hosts": 2,
            "verified": True, "median": median, "p99": median, "minimum": median, **more}


def results():
    return Results({"machine": MACHINE, "place": "somewhere", "rounds": 3, "hosts": 2, "rate": None})


def row(text, *beginning):
    """The cells of the row that begins so; two blanks stand between cells."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("  ") if cell.strip()]
        if cells[:len(beginning)] == list(beginning):
            return cells
    raise AssertionError(f"no row {beginning} in:\n{text}")


class TablesTest(unittest.TestCase):
    def test_medians_over_rounds_and_ratios(self):
        found = results()
        for number, times in enumerate(((6e-6, 8e-6, 12e-6), (5e-6, 90e-6, 10e-6), (5e-6, 8e-6, 10e-6)), 1):
            tcp, peer, ours = times
            found.add("point_to_point", number, record("tcp_spinning", "latency", 1, tcp))
            found.add("point_to_point", number, record("mpich", "latency", 1, peer))
            found.add("point_to_point", number, record("openmpi", "latency", 1, 2 * peer))
            found.add("point_to_point", number, record("prun", "latency", 1, ours))
        cells = row(tables.report(found), "latency", "1 B")
        # operation, bytes, bound, TCP, MPICH, Open MPI, prun, three ratios to the floor, prun to the better peer
        self.assertEqual(cells, ["latency", "1 B", "-", "5.00 us", "8.00 us", "16.0 us", "10.0 us", "1.60", "3.20",
                                 "2.00", "1.25"])

    def test_collectives_are_judged_by_the_slowest_rank(self):
        found = results()
        found.add("collectives", 1, record("mpich", "gather", 1024, 0.1, slowest_median=0.4, bound=0.2))
        found.add("collectives", 1, record("prun", "gather", 1024, 0.2, slowest_median=0.3, bound=0.2))
        cells = row(tables.report(found), "gather", "1 KiB")
        self.assertEqual(cells, ["gather", "1 KiB", "200 ms", "100 ms", "200 ms", "400 ms", "300 ms", "2.00", "1.50",
                                 "0.75"])

    def test_what_is_missing_is_a_dash(self):
        found = results()
        found.add("collectives", 1, record("mpich", "barrier", 0, 1e-5, slowest_median=1e-5))
        found.fail("collectives", "prun", 1, "exit status 3: it broke")
        text = tables.report(found)
        self.assertEqual(row(text, "barrier", "0 B")[-1], "-")
        self.assertIn("prun in collectives, round 1: exit status 3: it broke", text)

    def test_small_under_bulk_and_starting(self):
        found = results()
        found.add("small_under_bulk", 1, record("prun", "small_under_bulk", 24 << 20, 2.2, alone=2.0, round_trips=500.0,
                                                round_trips_per_second=227.0, round_trip_median=4e-3,
                                                round_trip_p99=9e-3))
        found.add("starting", 1, record("prun", "init", 0, 0.2, launch=0.9))
        text = tables.report(found)
        self.assertEqual(row(text, "prun", "24 MiB")[3:], ["2.00 s", "2.20 s", "1.10", "227", "4.00 ms", "9.00 ms"])
        self.assertEqual(row(text, "prun", "900 ms"), ["prun", "900 ms", "200 ms"])

    def test_units(self):
        self.assertEqual([tables.seconds(value) for value in (1.234e-6, 0.000_9994, 0.0345, 0.9999, 61.0, None)],
                         ["1.23 us", "999 us", "34.5 ms", "1.00 s", "61.0 s", "-"])


class ResultsTest(unittest.TestCase):
    def test_stored_results_give_the_same_report(self):
        found = results()
        found.add("collectives", 1, record("prun", "bcast", 8, 1e-5, slowest_median=2e-5))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "kept.json")
            found.save(path)
            done = subprocess.run([COMPARE, "--from", path], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.strip(), tables.report(found).strip())

    def test_other_files_are_refused(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write("[1]")
            file.flush()
            done = subprocess.run([COMPARE, "--from", file.name], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot read", done.stderr)

    def test_output_of_programs(self):
        self.assertEqual(records_of('{"a": 1}\n{"a": 2}\n'), [{"a": 1}, {"a": 2}])
        with self.assertRaises(CommandFailed):
            records_of("hello\n")
        self.assertEqual(whole_records_of('{"a": 1}\n{"a": '), [{"a": 1}])


class CommandsTest(unittest.TestCase):
    def test_a_failure_keeps_words_and_output(self):
        with self.assertRaises(CommandFailed) as caught:
            run_command(["sh", "-c", "echo before; echo why >&2; exit 3"], 20)
        self.assertEqual(str(caught.exception), "exit status 3: why")
        self.assertEqual(caught.exception.output, "before\n")

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
        with mock.patch.object(places, "LINGER_SECONDS", 0.5), self.assertRaises(CommandFailed) as caught:
            run_command(["sh", "-c", "echo all; exec sleep 1000"], 60, complete=lambda text: text == "all\n")
        self.assertEqual(str(caught.exception), "printed everything and did not end")
        self.assertEqual(caught.exception.output, "all\n")

    def test_complete_output(self):
        operations = ("bcast", "gather")
        whole = [{"op": name} for name in operations for _ in (8, 16)]
        self.assertTrue(command.is_complete(whole, operations, (8, 16)))
        for length in range(len(whole)):
            self.assertFalse(command.is_complete(whole[:length], operations, (8, 16)))
        self.assertTrue(command.is_complete([{"op": "barrier"}], ("barrier",), (8, 16)))

    def wait_for_end(self, pid):
        """Raises ProcessLookupError when it has ended; a zombie nobody reaps counts as ended."""
        import time
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
                if file.read().rsplit(")", 1)[1].split()[0] == "Z":
                    raise ProcessLookupError
            time.sleep(0.02)


class ArgumentsTest(unittest.TestCase):
    def refused(self, *arguments):
        words = io.StringIO()
        with self.assertRaises(SystemExit) as caught, contextlib.redirect_stderr(words):
            command.parse(arguments)
        self.assertEqual(caught.exception.code, 2)
        return words.getvalue()

    def test_refusals(self):
        self.assertIn("there is no operation sing", self.refused("--ops", "latency,sing"))
        self.assertIn("is no size", self.refused("--bytes", "4X"))
        self.assertIn("--rate", self.refused("--rate", "fast"))
        self.assertIn("fewer than 2", self.refused("--hosts", "1"))
        self.assertIn("none of", self.refused("--only", "pvm"))

    def test_sizes(self):
        self.assertEqual(command.sizes("1,4K,2MiB"), (1, 4096, 2 << 20))

    def test_chosen_operations_and_sizes(self):
        found = experiments(8, 100e6, False, ["bcast", "latency"], (5,))
        self.assertEqual([(one.name, one.hosts, [(run.operations, run.sizes) for run in one.runs]) for one in found],
                         [("point_to_point", 2, [(("latency",), (5,))]), ("collectives", 8, [(("bcast",), (5,))])])


class LocalRunTest(unittest.TestCase):
    def test_bare_tcp_on_this_machine(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "raw.json")
            done = subprocess.run([COMPARE, "--local", "--hosts", "2", "--only", "tcp", "--rounds", "2", "--ops",
                                   "latency,bandwidth", "--bytes", "8", "--seconds", "0.01", "--json", path, "--bin",
                                   os.environ["PRUN_BIN"]], capture_output=True, text=True, timeout=100)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(path, encoding="utf-8") as file:
                kept = json.load(file)
        self.assertEqual(len(row(done.stdout, "latency", "8 B")), 6)
        self.assertEqual(len(kept["records"]), 2 * 2 * 2)
        self.assertEqual({one["round"] for one in kept["records"]}, {1, 2})

    def test_interrupted_it_tells_what_it_has(self):
        process = subprocess.Popen([COMPARE, "--local", "--hosts", "2", "--only", "tcp", "--rounds", "100000", "--ops",
                                    "latency", "--bytes", "8", "--seconds", "0.01", "--bin", os.environ["PRUN_BIN"]],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
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
        row(out, "latency", "8 B")


if __name__ == "__main__":
    unittest.main()
