"""Jobs that go on when ranks are lost: what the ranks see is checked in survive/, what the launcher says here."""

import os
import signal
import unittest

from launcher_support import LauncherTest

TESTS = os.path.join(os.path.dirname(os.environ["PRUN_BIN"]), "tests")
SURVIVE = os.path.join(TESTS, "survive")
SCENARIO = os.path.join(TESTS, "scenario")
COLLECTIVES = ("barrier bcast gather scatter allgather reduce allreduce reduce_scatter alltoall scan exscan dup").split()


class Survivors:
    """Every scenario; the ways in which ranks talk are those of the subclasses."""

    transport = ()

    def survive(self, ranks, *scenario):
        with self.subTest(ranks=ranks, scenario=scenario):
            done = self.run_prun("-n", str(ranks), "--on-failure=continue", *self.transport, SURVIVE, *scenario)
            self.assertEqual(done.status, 0, done.out + done.err)
            self.assertIn("survived", done.out)
            return done

    def test_operations_that_need_a_lost_rank(self):
        for ranks in (3, 5):
            self.survive(ranks, "point-to-point")
        self.survive(6, "waiting")

    def test_receives_from_any_source(self):
        for ranks in (3, 8):
            self.survive(ranks, "from-any")

    def test_nobody_is_waited_for_in_vain(self):
        for ranks in (3, 5):
            self.survive(ranks, "nobody-left")

    def test_waits_for_several(self):
        self.survive(3, "several")

    def test_a_master_goes_on(self):
        self.survive(5, "farm")

    def test_collectives_of_every_kind(self):
        self.survive(8, "collectives", "all")
        for name in COLLECTIVES:
            self.survive(4, "collectives", name)

    def test_non_blocking_collectives(self):
        self.survive(5, "non-blocking")

    def test_survivors(self):
        self.survive(7, "one-after-the-other")
        self.survive(8, "at-once")
        self.survive(6, "meanwhile")
        self.survive(4, "without-loss")

    def test_who_waits_for_a_survivor_is_called(self):
        for ranks in (3, 8):
            self.survive(ranks, "chain")

    def test_others_are_not_disturbed(self):
        self.survive(5, "undisturbed")

    def test_at_random(self):
        for seed in range(1, 13):
            self.survive(3 + seed % 6, "random", str(seed))


class OverSharedMemory(Survivors, LauncherTest):
    pass


class OverTcp(Survivors, LauncherTest):
    transport = ("-x", "PRUN_SHM=off")


class TheLauncher(LauncherTest):
    def go_on(self, ranks, *command, options=()):
        return self.run_prun("-n", str(ranks), "--on-failure=continue", *options, *command)

    def test_it_names_the_lost_and_succeeds(self):
        done = self.go_on(4, SURVIVE, "one-after-the-other")
        self.assertEqual(done.status, 0, done.err)
        self.assertRegex(done.err, r"prun: rank 2 on \S+ died: signal 9 \(killed\); the others go on\n")
        self.assertRegex(done.last_line, r"^prun: went on without ranks 1, 2 and 3 on \S+$")

    def test_quiet(self):
        done = self.go_on(3, SURVIVE, "one-after-the-other", options=("-q",))
        self.assertEqual((done.status, done.err), (0, ""))

    def test_without_the_option_the_job_ends(self):
        done = self.run_prun("-n", "4", SURVIVE, "one-after-the-other")
        self.assertEqual(done.status, 128 + signal.SIGKILL, done.err)

    def test_rank_0_decides(self):
        script = "if [ $PRUN_RANK = 0 ]; then kill -SEGV $$; fi"
        done = self.go_on(3, "sh", "-c", script)
        self.assertEqual(done.status, 128 + signal.SIGSEGV, done.err)
        self.assertRegex(done.last_line, r"rank 0 on \S+ died: signal 11")

    def test_a_status_counts_and_a_death_does_not(self):
        script = "case $PRUN_RANK in 1) kill -KILL $$;; 2) exit 7;; esac; echo $PRUN_RANK"
        done = self.go_on(4, "sh", "-c", script)
        self.assertEqual(done.status, 7, done.err)
        self.assertEqual(sorted(done.out.split()), ["0", "3"])
        self.assertRegex(done.last_line, r"^prun: rank 2 on \S+ exited with status 7$")

    def test_abort_ends_the_job(self):
        done = self.go_on(4, SCENARIO, "aborts", "2")
        self.assertEqual(done.status, 42, done.err)

    def test_input_of_a_lost_rank(self):
        done = self.run_prun("-n", "2", "--on-failure=continue", "--stdin", "1", "sh", "-c",
                             "test $PRUN_RANK = 1 && kill -KILL $$; echo on", data=b"x\n" * 100000)
        self.assertEqual((done.status, done.out), (0, "on\n"), done.err)

    def test_spellings(self):
        for option in ("--enable-recovery", "--continuous", "-disable-auto-cleanup"):
            done = self.run_prun("-n", "2", option, "sh", "-c", "test $PRUN_RANK = 0 || kill -KILL $$")
            self.assertEqual(done.status, 0, done.err)


if __name__ == "__main__":
    unittest.main()
