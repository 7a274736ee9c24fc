"""Ranks that are started again: what they see is checked in restart.cpp, what the launcher says and does here."""

import contextlib
import os
import resource
import signal
import unittest

from launcher_support import LauncherTest

RESTART = os.path.join(os.path.dirname(os.environ["PRUN_BIN"]), "tests", "restart")


class Restarts:
    """Every scenario; the ways in which ranks talk are those of the subclasses."""

    transport = ()

    def restart(self, ranks, *scenario, most=3):
        with self.subTest(ranks=ranks, scenario=scenario):
            done = self.run_prun("-n", str(ranks), "--restart", str(most), *self.transport, RESTART, *scenario)
            self.assertEqual((done.status, done.out), (0, "restarted\n"), done.err)
            return done

    def test_a_farm_takes_them_back(self):
        for ranks in (2, 5):
            done = self.restart(ranks, "farm")
            self.assertEqual(done.err.count(" starts again (1 of 3)\n"), ranks - 1, done.err)
            self.assertEqual(done.err.count(" starts again (2 of 3)\n"), ranks - 1, done.err)
            self.assertNotIn("went on without", done.err)

    def test_killed_at_random(self):
        for seed in range(1, 9):
            self.restart(2 + seed % 5, "random", str(seed), most=1 + seed % 4)

    def test_one_that_is_back_in_a_later_farm(self):
        for ranks in (2, 4):
            self.restart(ranks, "two-farms")

    def test_a_communicator_of_all(self):
        for seed in range(1, 5):
            self.restart(2 + seed, "steps", str(seed))

    def test_who_waits_is_told(self):
        self.restart(2, "waiting")
        self.restart(2, "waiting-for-0")

    def test_a_farm_that_has_lost_rank_0(self):
        for ranks in (2, 5):
            done = self.restart(ranks, "without-master")
            self.assertRegex(done.err, r"^prun: rank 0 on \S+ died: signal 9 \(killed\); the others go on\n"
                                       r"prun: rank 0 on \S+ starts again \(1 of 3\)\n$")

    def test_messages_of_the_old_one(self):
        for ranks in (2, 3):
            self.restart(ranks, "old-messages")


class OverSharedMemory(Restarts, LauncherTest):
    pass


class OverTcp(Restarts, LauncherTest):
    transport = ("-x", "PRUN_SHM=off")


class TheLauncher(LauncherTest):
    def script(self, text, *options, ranks=3, most=2):
        return self.run_prun("-n", str(ranks), "--restart", str(most), *options, "sh", "-c", text)

    def test_it_tells_each_start_and_succeeds(self):
        done = self.script('echo "$PRUN_RANK $PRUN_INCARNATION"; '
                           "test $PRUN_RANK$PRUN_INCARNATION != 10 -a $PRUN_RANK$PRUN_INCARNATION != 11 || kill -KILL $$")
        self.assertEqual(done.status, 0, done.err)
        self.assertEqual(sorted(done.out.splitlines()), ["0 0", "1 0", "1 1", "1 2", "2 0"])
        self.assertRegex(done.err, r"^prun: (rank 1 on \S+) died: signal 9 \(killed\); the others go on\n"
                                   r"prun: \1 starts again \(1 of 2\)\n"
                                   r"prun: \1 died: signal 9 \(killed\); the others go on\n"
                                   r"prun: \1 starts again \(2 of 2\)\n$")

    def test_one_that_dies_each_time(self):
        done = self.script("echo up; test $PRUN_RANK != 1 || kill -KILL $$")
        self.assertEqual((done.status, done.out), (0, "up\n" * 5), done.err)
        self.assertRegex(done.err, r"prun: rank 1 on \S+ died: signal 9 \(killed\), and is not started again; the others go on\n"
                                   r"prun: went on without rank 1 on \S+\n$")

    def test_a_status_of_its_own(self):
        done = self.script("test $PRUN_RANK != 2 || exit 7")
        self.assertEqual(done.status, 7, done.err)
        self.assertEqual(done.err.count("starts again"), 2)
        done = self.script("test $PRUN_RANK != 2 -o $PRUN_INCARNATION = 2 || exit 7")
        self.assertEqual(done.status, 0, done.err)

    def test_one_that_ends_well_is_not_started_again(self):
        done = self.script("echo $PRUN_RANK")
        self.assertQuiet(done)
        self.assertEqual(sorted(done.out.split()), ["0", "1", "2"])

    def test_rank_0_is_one_of_them(self):
        done = self.script("test $PRUN_RANK = 0 || exit 0; echo $PRUN_INCARNATION; test $PRUN_INCARNATION = 2 || kill -KILL $$")
        self.assertEqual((done.status, done.out), (0, "0\n1\n2\n"), done.err)
        self.assertRegex(done.err, r"prun: rank 0 on \S+ starts again \(2 of 2\)\n$")

    def test_the_last_start_of_rank_0_counts(self):
        done = self.script("test $PRUN_RANK != 0 || exit 7", most=1)
        self.assertEqual(done.status, 7, done.err)
        self.assertEqual(done.err.count("starts again"), 1)
        text = "test $PRUN_RANK = 2 && exit 3; test $PRUN_RANK != 0 -o $PRUN_INCARNATION = 1 || kill -KILL $$"
        self.assertEqual(self.script(text, most=1).status, 3)

    def test_rank_0_ends_the_job_when_it_has_no_more_starts(self):
        done = self.script("test $PRUN_RANK = 0 || exec sleep 100; kill -SEGV $$")
        self.assertEqual(done.status, 128 + signal.SIGSEGV, done.err)
        self.assertEqual(done.err.count("starts again"), 2)
        self.assertRegex(done.last_line, r"rank 0 on \S+ died: signal 11")

    def test_what_they_print(self):
        done = self.script("printf part; test $PRUN_INCARNATION = 1 && echo ' and whole' || kill -KILL $$", "-l", ranks=2, most=1)
        self.assertEqual(done.status, 0, done.err)
        self.assertEqual(sorted(done.out.splitlines()), sorted(f"[{rank}@{os.uname().nodename}] {text}"
                                                               for rank in (0, 1) for text in ("part", "part and whole")))
        text = "test $PRUN_RANK = 0 && exit; printf part; test $PRUN_INCARNATION = 1 && echo ' two' || kill -KILL $$"
        done = self.script(text, "-l", ranks=2, most=1)
        self.assertEqual(done.status, 0, done.err)
        self.assertRegex(done.out, r"^\[1@\S+\] part\n\[1@\S+\] part two\n$")

    def test_input_is_the_first_ones(self):
        done = self.run_prun("-n", "2", "--restart", "1", "--stdin", "1", "sh", "-c",
                             "test $PRUN_RANK = 0 && exit; read line; echo \"got $line\"; "
                             "test $PRUN_INCARNATION = 1 || kill -KILL $$", data=b"x\ny\n")
        self.assertEqual((done.status, done.out), (0, "got x\ngot \n"), done.err)

    def test_the_input_of_rank_0_ends_with_its_first_start(self):
        # More than is on its way at a time, and an end that never comes.
        source, sink = os.pipe()
        self.addCleanup(os.close, sink)
        os.set_blocking(sink, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(sink, b"x" * 4096)
        process = self.popen("-n", "2", "--restart", "1", "sh", "-c",
                             "test $PRUN_RANK = 0 || exec sleep 2; test $PRUN_INCARNATION = 1 && exec wc -c; "
                             "head -c 10; kill -KILL $$", stdin=source)
        os.close(source)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = self.finish(process)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.assertEqual((done.status, done.out), (0, "x" * 10 + "0\n"), done.err)
        # Nobody looks again and again at what is not read.
        self.assertLess(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1)

    def test_ctrl_c_while_ranks_start_again(self):
        process = self.popen("-n", "3", "--restart", "20000", "sh", "-c",
                             "echo up; test $PRUN_RANK = 0 && exec sleep 100; kill -KILL $$")
        for _ in range(10):
            self.assertEqual(process.stdout.readline(), b"up\n")
        process.send_signal(signal.SIGINT)
        done = self.finish(process)
        self.assertEqual(done.status, 130, done.err)

    def test_spellings_and_refusals(self):
        done = self.run_prun("-n", "2", "--enable-recovery", "--max-restarts", "1", "sh", "-c",
                             "test $PRUN_RANK = 0 -o $PRUN_INCARNATION = 1 || kill -KILL $$")
        self.assertEqual(done.status, 0, done.err)
        self.assertIn("starts again (1 of 1)", done.err)
        for options, words in ((("--on-failure=end", "--restart", "1"), "exclude each other"),
                               (("--restart", "often"), "for example: --restart 3"),
                               (("--restart", "60000"), "32767 times at most")):
            done = self.run_prun("-n", "2", *options, "true")
            self.assertEqual((done.status, done.out), (125, ""), done.err)
            self.assertIn(words, done.err)


if __name__ == "__main__":
    unittest.main()
