"""Every benchmark program verifies its data and prints JSON; the programs to be tested are the arguments."""
import functools
import json
import os
import socket
import subprocess
import sys
import unittest

BIN = os.environ["PRUN_BIN"]
PROGRAMS = [word for word in sys.argv[1:] if word.startswith("bench_")]
POINT_TO_POINT = ["latency", "bandwidth", "bidirectional", "message_rate", "small_under_bulk"]
COLLECTIVES = ["barrier", "bcast", "reduce", "allreduce", "reduce_scatter", "scan", "allgather", "alltoall", "scatter",
               "gather"]
RESOURCES = ["memory", "idle"]
UNSIZED = ["barrier", "init"] + RESOURCES
LAUNCHERS = {
    "bench_mpich": ["mpiexec.mpich", "-n"],
    "bench_openmpi": ["mpirun.openmpi", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n"],
    "bench_prun": [os.path.join(BIN, "prun"), "-n"],
}


def path(program):
    return os.path.join(BIN, program)


def run(command, timeout=100):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)


def for_each_program(test):
    @functools.wraps(test)
    def test_all(self):
        for program in PROGRAMS:
            if program in LAUNCHERS:
                with self.subTest(program):
                    test(self, program)
    return test_all


class BenchTest(unittest.TestCase):
    def records(self, done):
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def check_record(self, record, implementation, ranks):
        self.assertEqual(record["implementation"], implementation)
        self.assertTrue(record["version"])
        self.assertEqual(record["ranks"], ranks)
        self.assertIs(record["verified"], True)
        self.assertGreaterEqual(record["iterations"], 1)
        self.assertGreater(record["minimum"], 0)
        self.assertLessEqual(record["minimum"], record["median"])
        self.assertLessEqual(record["median"], record["p99"])
        if "slowest_median" in record:
            self.assertGreaterEqual(record["slowest_median"], record["median"] * 0.999999)


class RanksTest(BenchTest):
    """Programs started as ranks."""

    def measure(self, program, ranks, operations, sizes, more=()):
        done = run([*LAUNCHERS[program], str(ranks), path(program), "--op", ",".join(operations), "--bytes",
                    ",".join(map(str, sizes)), "--iterations", "3", "--json", *more])
        records = self.records(done)
        expected = [(name, size) for name in operations for size in ([0] if name in UNSIZED else sizes)]
        self.assertEqual([(record["op"], record["bytes"]) for record in records], expected)
        for record in records:
            self.check_record(record, program.removeprefix("bench_"), ranks)
        return records

    @for_each_program
    def test_point_to_point(self, program):
        self.measure(program, 2, POINT_TO_POINT, [1, 5000])

    @for_each_program
    def test_large_messages(self, program):
        self.measure(program, 2, ["latency", "small_under_bulk", "bcast", "allreduce"], [1 << 20])

    @for_each_program
    def test_collectives(self, program):
        for ranks in (2, 4):
            self.measure(program, ranks, COLLECTIVES + ["init"], [4, 4000])

    @for_each_program
    def test_uneven_parts(self, program):
        """Three ranks, and vectors that three do not divide."""
        self.measure(program, 3, ["reduce_scatter", "scan", "alltoall"], [4, 400])

    @for_each_program
    def test_idle_ranks_beside_a_pair(self, program):
        self.measure(program, 4, ["latency", "message_rate"], [8])

    @for_each_program
    def test_what_ranks_cost_their_host(self, program):
        for ranks in (2, 3):
            memory, idle = self.measure(program, ranks, RESOURCES, [1], ["--seconds", "0.05"])
            # A process of a C++ program and its libraries, in bytes.
            self.assertTrue(1e6 < memory["resident_bytes_median"] <= memory["resident_bytes"] < 1e9, memory)
            self.assertTrue(1e5 < memory["proportional_bytes_of_all"] <= memory["resident_bytes"] * ranks, memory)
            shares = [idle[f"share_in_{way}"] for way in ("recv", "wait", "barrier")]
            self.assertEqual(idle["largest_share"], max(shares))
            self.assertGreaterEqual(min(shares), 0)
            self.assertGreaterEqual(idle["median"], 0.05)

    @for_each_program
    def test_sizes_of_floats_are_rounded_up(self, program):
        done = run([*LAUNCHERS[program], "2", path(program), "--op", "reduce", "--bytes", "1,2,5", "--iterations",
                    "1", "--json"])
        self.assertEqual([record["bytes"] for record in self.records(done)], [4, 8])

    @for_each_program
    def test_no_bound_where_ranks_share_a_host(self, program):
        for record in self.measure(program, 2, ["bcast"], [1000], ["--rate", "100mbit"]):
            self.assertNotIn("bound", record)

    @for_each_program
    def test_time_decides_where_iterations_are_not_given(self, program):
        done = run([*LAUNCHERS[program], "2", path(program), "--op", "latency,bcast", "--bytes", "8", "--seconds",
                    "0.01", "--json"])
        for record in self.records(done):
            self.assertGreaterEqual(record["iterations"], 3)

    @for_each_program
    def test_table_for_people(self, program):
        done = run([*LAUNCHERS[program], "2", path(program), "--op", "latency", "--bytes", "8", "--iterations",
                    "2"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"(?m)^latency +8 B +[0-9.]+ [um]?s ")

    @for_each_program
    def test_too_few_ranks(self, program):
        done = run([*LAUNCHERS[program], "1", path(program), "--op", "latency"])
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("latency needs 2 ranks and there is 1", done.stderr)


class ArgumentsTest(BenchTest):
    """What needs no other rank."""

    def test_help_and_list(self):
        for program in PROGRAMS:
            with self.subTest(program):
                help_text = run([path(program), "--help"])
                self.assertEqual(help_text.returncode, 0)
                for option in ("--op", "--bytes", "--iterations", "--json", "--list-ops", "--rate"):
                    self.assertIn(option, help_text.stdout)
                listed = run([path(program), "--list-ops"]).stdout.split()
                self.assertIn("latency", listed)
                for name in POINT_TO_POINT + COLLECTIVES + UNSIZED if program != "bench_tcp" else ():
                    self.assertIn(name, listed)

    def test_wrong_usage(self):
        for program in PROGRAMS:
            for arguments, word in ((["--op", "latency", "--bytes", "3X"], "--bytes"),
                                    (["--op", "latency", "--bytes", "4G"], "--bytes"),
                                    (["--op", "latency", "--rate", "fast"], "--rate"),
                                    (["--op", "latency", "--iterations", "-1"], "--iterations"),
                                    (["--bogus"], "--bogus")):
                with self.subTest(f"{program} {arguments}"):
                    done = run([path(program), *arguments])
                    self.assertEqual(done.returncode, 2, done.stderr)
                    self.assertIn(word, done.stderr)

    def test_nothing_to_measure(self):
        for program in PROGRAMS:
            if program != "bench_tcp":
                done = run([path(program)])
                self.assertEqual(done.returncode, 2)
                self.assertIn("--list-ops", done.stderr)


class TcpTest(BenchTest):
    def connect(self, *arguments):
        with subprocess.Popen([path("bench_tcp"), "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as listener:
            try:
                where = listener.stdout.readline().removeprefix("listening at ").strip()
                done = run([path("bench_tcp"), "--connect", where, *arguments])
                self.assertEqual(listener.wait(timeout=20), 0, listener.stderr.read())
            finally:
                listener.kill()
        return done

    def test_both_ways_of_waiting(self):
        records = self.records(self.connect("--bytes", "1,70000", "--iterations", "3", "--json"))
        self.assertEqual([(record["implementation"], record["op"], record["bytes"]) for record in records],
                         [(f"tcp_{wait}", operation, size) for wait in ("spinning", "blocking")
                          for operation in ("latency", "bandwidth") for size in (1, 70000)])
        for record in records:
            self.check_record(record, record["implementation"], 2)
            self.assertEqual(record["hosts"], 1)

    def test_one_way_of_waiting(self):
        records = self.records(self.connect("--op", "latency", "--wait", "block", "--bytes", "8", "--seconds", "0.01",
                                            "--json"))
        self.assertEqual([record["implementation"] for record in records], ["tcp_blocking"])

    def test_a_stranger_is_refused(self):
        with subprocess.Popen([path("bench_tcp"), "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as listener:
            try:
                port = int(listener.stdout.readline().rsplit(":", 1)[1])
                with socket.create_connection(("127.0.0.1", port), timeout=20) as stranger:
                    stranger.sendall(b"GET / HTTP/1.1\r\nHost: nobody.example\r\nUser-Agent: somebody\r\nAccept: */*\r\n\r\n")
                    self.assertEqual(listener.wait(timeout=20), 1)
                self.assertIn("not bench_tcp", listener.stderr.read())
            finally:
                listener.kill()

    def test_sides_are_needed(self):
        done = run([path("bench_tcp"), "--op", "latency"])
        self.assertEqual(done.returncode, 2)
        self.assertIn("--listen", done.stderr)


if __name__ == "__main__":
    if not PROGRAMS:
        sys.exit("name the programs to be tested, such as bench_tcp bench_mpich")
    unittest.main(argv=[word for word in sys.argv if word not in PROGRAMS])
