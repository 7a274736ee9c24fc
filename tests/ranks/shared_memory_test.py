"""Ranks of one host over shared memory: what it leaves behind, what waiting costs, and how to do without."""

import contextlib
import os
import resource
import signal
import unittest

from launcher_support import LauncherTest, processes_with, wait_until

SCENARIO = os.path.join(os.path.dirname(os.environ["PRUN_BIN"]), "tests", "scenario")


def memory_folder():
    return set(os.listdir("/dev/shm"))


def has_segment(pid):
    """Whether the process holds the memory of a job."""
    folder = f"/proc/{pid}/fd"
    return any("memfd:prun (" in os.readlink(os.path.join(folder, fd)) for fd in os.listdir(folder))


def is_agent(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return b"\0agent\0" in file.read()


class SharedMemory(LauncherTest):
    def stream(self):
        """A job with large messages under way; the process and one of its ranks."""
        process = self.popen("-n", "2", SCENARIO, "stream", "1")
        return process, int(process.stdout.readline())

    def test_it_has_no_name_and_goes_with_a_killed_rank(self):
        before = memory_folder()
        process, rank = self.stream()
        self.assertTrue(has_segment(rank))
        self.assertEqual(memory_folder() - before, set())
        os.kill(rank, signal.SIGKILL)
        done = self.finish(process)
        self.assertEqual(done.status, 128 + 9)
        self.assertRegex(done.last_line, "rank 1 .*died: signal 9")
        self.nothing_left()
        self.assertEqual(memory_folder() - before, set())

    def test_it_goes_with_a_killed_agent_and_a_killed_launcher(self):
        before = memory_folder()
        for victim in ("agent", "launcher"):
            with self.subTest(victim=victim):
                process, _ = self.stream()
                if victim == "agent":
                    for pid in filter(is_agent, processes_with(self.token)):
                        with contextlib.suppress(ProcessLookupError):  # agent and keepers end each other
                            os.kill(pid, signal.SIGKILL)
                else:
                    process.kill()
                self.finish(process)
                self.nothing_left()
                self.assertEqual(memory_folder() - before, set())

    def test_waiting_costs_nothing(self):
        for ranks in (2, 5):
            with self.subTest(ranks=ranks):
                done = self.run_prun("-n", str(ranks), SCENARIO, "blocked", "0")
                self.assertQuiet(done)
                spent = [float(line) for line in done.out.splitlines()]
                self.assertEqual(len(spent), ranks - 1)
                self.assertLess(max(spent), 0.01 * 2, "of 2 s of waiting")

    def test_withdrawn_receives_are_left_alone(self):
        for way in ("on", "copy", "off"):
            with self.subTest(way=way):
                self.environment["PRUN_SHM"] = way
                done = self.run_prun("-n", "2", SCENARIO, "withdraws", "0")
                self.assertQuiet(done)
                self.assertEqual(done.out, "whole\n")

    def test_ranks_can_do_without(self):
        self.environment["PRUN_SHM"] = "off"
        process, rank = self.stream()
        self.assertFalse(has_segment(rank))
        process.terminate()
        self.finish(process)

    def test_a_rank_alone_on_its_host_has_none(self):
        done = self.run_prun("-n", "1", "ls", "-l", "/proc/self/fd")
        self.assertNotIn("memfd:prun (", done.out)

    def test_a_limit_of_file_sizes_is_told_and_lived_with(self):
        done = self.run_prun("-n", "2", "sh", "-c", "ls -l /proc/self/fd",
                             preexec_fn=lambda: resource.setrlimit(
                                 resource.RLIMIT_FSIZE, (1 << 16, 1 << 16)))
        self.assertEqual(done.status, 0, done.err)
        self.assertNotIn("memfd:prun (", done.out)
        self.assertIn("its ranks talk over TCP for want of shared memory: the limit of file sizes", done.err)

    def test_a_wish_that_is_none_is_refused(self):
        self.environment["PRUN_SHM"] = "perhaps"
        done = self.run_prun("-n", "2", SCENARIO, "blocked", "0")
        self.assertNotEqual(done.status, 0)
        self.assertIn("PRUN_SHM='perhaps' must be on, copy or off", done.err)


if __name__ == "__main__":
    unittest.main()
