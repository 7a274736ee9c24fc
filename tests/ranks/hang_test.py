"""Jobs that hang: what prun tells of the ranks, and that jobs which only take long are left alone."""

import os
import pathlib
import re
import signal
import subprocess
import time
import unittest

from launcher_support import LauncherTest, processes_with, wait_until

MISTAKES = os.path.join(os.path.dirname(os.environ["PRUN_BIN"]), "tests", "mistakes")
SOURCE = pathlib.Path(__file__).with_name("mistakes.cpp")
LINES = {match.group(1): number for number, line in enumerate(SOURCE.read_text().splitlines(), 1)
         for match in [re.search(r"// mark: (\w+)$", line)] if match}
DEADLOCK = 123


def line_of(mark):
    return f"mistakes.cpp:{LINES[mark]}"


class HangTest(LauncherTest):
    def play(self, name, *options, ranks=3, **others):
        return self.run_prun("-n", str(ranks), *options, MISTAKES, name, **others)

    def assert_deadlock(self, done, *texts):
        self.assertEqual(done.status, DEADLOCK, done.err)
        self.assertIn("prun: the job hangs: every rank waits", done.err)
        self.assertRegex(done.last_line, "^prun: deadlock: ")
        for text in texts:
            self.assertIn(text, done.err)


# What the report of each mistake says; all of them are deadlocks of three ranks.
DEADLOCKS = {
    "recv_cycle": [
        f"rank 1 is in recv from 0, tag 7 (1 x int32), at {line_of('recv_cycle')}, for 1.",
        "each of these ranks waits for the next: 0 -> 2 -> 1 -> 0"],
    "ssend_cycle": [
        f"rank 0 is in ssend to 1, tag 7 (1 x int32), at {line_of('ssend_cycle')}, for 1.",
        "each of these ranks waits for the next: 0 -> 1 -> 2 -> 0"],
    "send_cycle": [
        f"rank 2 is in send to 0, tag 1 (1048576 x byte), at {line_of('send_cycle')}",
        "each of these ranks waits for the next: 0 -> 1 -> 2 -> 0"],
    "missing_recv": [
        f"rank 0 is in ssend to 1, tag 3 (1 x int32), at {line_of('missing_recv')}",
        "ranks 1, 2 are in barrier #1", "but not rank 0, which is in ssend to 1",
        "waits for the next: 0 -> 1 -> 0"],
    "missing_send": [
        "ranks 1, 2 are in barrier #1", "but not rank 0, which is in recv from 1, tag 3",
        "waits for the next: 0 -> 1 -> 0"],
    "wrong_tag": [
        f"rank 1 is in recv from 0, tag 7 (1 x int32) ({line_of('wrong_tag')}), and holds a message from 0, tag 8 "
        "(1 x int32): the tags differ, 7 and 8"],
    "wrong_source": [
        "and holds a message from 0, tag 7 (1 x int32): it comes from 0, and the recv names 2"],
    "wrong_communicator": [
        "and holds a message from 0, tag 7 (1 x int32): it was sent on communicator 1 (ranks 0-2 of the job), "
        "and the receive is on the world"],
    "wrong_root": [
        f"gather #1 with root 0 ({line_of('wrong_root')})", f"gather #1 with root 2 ({line_of('wrong_root')})",
        "all members must name the same root"],
    "skipped_collective": [
        f"ranks 0, 1 are in barrier #1 ({line_of('skipped_collective')}), but not rank 2, which is in recv from 0, "
        "tag 5 (1 x int32)"],
    "other_order": [
        "ranks 0, 1 are in barrier #1", f"rank 2 is in bcast #1 ({line_of('other_order')}): "
        "all members must call the same collectives in the same order"],
    "self_send": [
        f"rank 1 sends to itself ({line_of('self_send')}) and waits until that is received, which only it can do"],
    "forgotten_request": [
        f"rank 1 is in wait for recv from 0, tag 4 (1 x int32), begun at {line_of('forgotten_request')}, "
        f"at {line_of('wait')}"],
}


class Mistakes(HangTest):
    def assert_all(self, *options):
        """All are started together: each takes more than a second, and nearly nothing of the processor."""
        runs = {name: self.popen("-n", "3", "-x", "PRUN_UNEXPECTED_BYTES=65536", *options, MISTAKES, name)
                for name in DEADLOCKS}
        for name, process in runs.items():
            with self.subTest(name):
                self.assert_deadlock(self.finish(process), *DEADLOCKS[name])

    def test_over_shared_memory(self):
        self.assert_all()

    def test_over_tcp(self):
        self.assert_all("-x", "PRUN_SHM=off")

    def test_it_takes_two_or_three_seconds(self):
        done = self.play("recv_cycle")
        self.assert_deadlock(done)
        self.assertLess(done.seconds, 10)  # the machine may be loaded

    def test_the_last_line_has_the_most_telling_cause(self):
        self.assertIn("deadlock: rank 1 is in recv from 0, tag 7", self.play("wrong_tag").last_line)

    def test_many_ranks_are_few_lines(self):
        done = self.play("skipped_collective", ranks=24)
        self.assert_deadlock(done, "ranks 0, 1, 3-23 are in barrier #1")
        self.assertLess(len(done.err.splitlines()), 8)

    def test_another_type_is_an_error_at_once(self):
        done = self.play("wrong_type")
        self.assertNotEqual(done.status, 0)
        self.assertIn("sent 1 x double with tag 7, this receive takes int32", done.err)

    def test_collectives_that_do_not_agree_are_an_error_where_their_messages_meet(self):
        for name, words in (("other_count", "allreduce: rank "), ("other_order_of_types", "barrier: rank 2 sent 1 x int32")):
            with self.subTest(name):
                done = self.play(name)
                self.assertEqual(done.status, 3)
                self.assertIn(words, done.out)
                self.assertIn("all members must call the same collectives in the same order, with the same root, type "
                              "and number of elements", done.out)


class WhatIsToFollow(HangTest):
    def test_a_report_alone(self):
        process = self.popen("-n", "2", "--on-deadlock", "report", MISTAKES, "recv_cycle")
        line = b""
        while not line.startswith(b"prun: the job hangs"):
            line = process.stderr.readline()
            self.assertTrue(line)
        process.terminate()
        self.assertEqual(self.finish(process).status, 128 + signal.SIGTERM)

    def test_nothing(self):
        done = self.play("recv_cycle", "--on-deadlock", "ignore", "--timeout", "3", ranks=2)
        self.assertEqual((done.status, len(done.err.splitlines())), (124, 1), done.err)

    def test_in_quiet(self):
        done = self.play("recv_cycle", "-q", ranks=2)
        self.assertEqual((done.status, done.err), (DEADLOCK, ""))

    def test_a_time_limit_with_a_report(self):
        for spelling in ("--report-on-timeout", "--report-state-on-timeout", "--get-stack-traces"):
            with self.subTest(spelling):
                done = self.play("waits", "--timeout", "1", spelling, ranks=2)
                self.assertEqual(done.status, 124)
                self.assertIn("prun: what the ranks do, at the time limit", done.err)
                self.assertIn(f"rank 1 is in recv from 0, tag 7 (1 x int32), at {line_of('waits')}, with a deadline", done.err)

    def test_hang_after(self):
        process = self.popen("-n", "3", "--hang-after", "1.5", MISTAKES, "reads_input", stdin=subprocess.PIPE)
        lines = [process.stderr.readline().decode() for _ in range(3)]
        self.assertRegex(lines[0], r"^prun: no message has come anywhere for \d\.\d s \(--hang-after\)")
        self.assertIn("rank 0 waits for its standard input", lines[1])
        self.assertIn("ranks 1, 2 are in recv from any rank, tag 0 (1 x int32)", lines[2])
        done = self.finish(process, b"hello\n")
        self.assertEqual((done.status, done.out, done.err), (0, "read 6\n", ""))

    def test_hang_after_sees_that_others_go_on(self):
        self.assertQuiet(self.play("others_go_on", "--hang-after", "1.5"))


class OnRequest(HangTest):
    def started(self, name, *options, ranks=2):
        process = self.popen("-n", str(ranks), *options, MISTAKES, name)
        for _ in range(ranks):
            self.assertEqual(process.stdout.readline(), b"up\n")
        return process

    def report_of(self, process, lines):
        return [process.stderr.readline().decode().rstrip("\n") for _ in range(lines)]

    def tell(self, process):
        process.send_signal(signal.SIGUSR1)
        for _ in range(2):
            self.assertEqual(process.stdout.readline(), b"told\n")

    def test_usr1_tells_and_the_job_goes_on(self):
        process = self.started("waits")
        for _ in range(2):
            process.send_signal(signal.SIGUSR1)
            lines = self.report_of(process, 4)
            self.assertEqual(lines[0], "prun: what the ranks do, as asked by SIGUSR1")
            self.assertIn(f"rank 0 is in recv from 1, tag 7 (1 x int32), at {line_of('waits')}, with a deadline", lines[1])
            self.assertIn("each of these ranks waits for the next: 0 -> 1 -> 0", lines[3])
        self.assertIsNone(process.poll())

    def test_usr1_reaches_a_program_that_handles_it(self):
        process = self.started("handles_usr1")
        self.tell(process)
        self.assertEqual(self.report_of(process, 1), ["prun: what the ranks do, as asked by SIGUSR1"])
        self.tell(process)
        self.assertEqual(self.finish(process).status, 0)

    def test_usr1_that_was_asked_for_is_the_programs_alone(self):
        process = self.started("handles_usr1", "--forward-signals=USR1")
        self.tell(process)
        self.tell(process)
        self.assertQuiet(self.finish(process))

    def test_quit_tells_and_ends(self):
        process = self.started("waits")
        process.send_signal(signal.SIGQUIT)
        done = self.finish(process)
        self.assertEqual(done.status, 128 + signal.SIGQUIT)
        self.assertIn("prun: what the ranks do, as asked by SIGQUIT", done.err)
        self.assertEqual(done.last_line, "prun: asked to quit (SIGQUIT)")

    def test_a_stopped_rank(self):
        process = self.started("waits")
        rank = min(self.ranks_of("waits"))
        os.kill(rank, signal.SIGSTOP)
        try:
            process.send_signal(signal.SIGUSR1)
            lines = self.report_of(process, 3)
        finally:
            os.kill(rank, signal.SIGCONT)
        self.assertIn("is stopped (by SIGSTOP, or a debugger)", "".join(lines))

    def ranks_of(self, name):
        found = []
        for pid in processes_with(self.token):
            try:
                arguments = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if arguments[0].endswith(b"mistakes") and arguments[1] == name.encode():
                found.append(pid)
        return found


class NoFalseAlarm(HangTest):
    def test_what_takes_long(self):
        """All at once: each takes three seconds."""
        names = ("computes", "sleeps", "has_a_deadline", "others_go_on")
        runs = {name: self.popen("-n", "3", MISTAKES, name) for name in names}
        for name, process in runs.items():
            with self.subTest(name):
                self.assertQuiet(self.finish(process))

    def test_another_thread_that_works(self):
        done = self.play("another_thread", ranks=2)
        self.assertEqual((done.status, done.out), (9, "worked\n"), done.err)

    def test_a_stopped_rank_is_not_a_deadlock_yet(self):
        process = self.popen("-n", "2", "--on-deadlock", "end", MISTAKES, "recv_cycle")
        rank = wait_until(lambda: OnRequest.ranks_of(self, "recv_cycle"), 5, "a rank")[0]
        os.kill(rank, signal.SIGSTOP)
        time.sleep(2.5)  # it would have been found by now
        self.assertIsNone(process.poll())
        os.kill(rank, signal.SIGCONT)
        self.assertEqual(self.finish(process).status, DEADLOCK)

    def test_standard_input_that_comes_late(self):
        process = self.popen("-n", "3", MISTAKES, "reads_input", stdin=subprocess.PIPE)
        time.sleep(2.5)
        self.assertIsNone(process.poll())
        done = self.finish(process, b"hello\n")
        self.assertEqual(done.out, "read 6\n")
        self.assertQuiet(done)


if __name__ == "__main__":
    unittest.main()
