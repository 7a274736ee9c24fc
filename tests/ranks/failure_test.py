"""How a job of real ranks ends when one of them misbehaves, and when one leaves in good order."""

import os
import shutil
import subprocess
import unittest

from launcher_support import LauncherTest

SCENARIO = os.path.join(os.path.dirname(os.environ["PRUN_BIN"]), "tests", "scenario")
RANKS = 4
SECONDS_TO_END = 5  # the promise is one; the machine may be loaded


class OneRankMisbehaves(LauncherTest):
    def play(self, scenario, actor=2, ranks=RANKS):
        return self.run_prun("-n", str(ranks), SCENARIO, scenario, str(actor))

    def assert_ended_by(self, done, status, words):
        self.assertEqual(done.status, status, done.err)
        self.assertIn("rank 2", done.last_line)
        self.assertIn(words, done.last_line)
        self.assertLess(done.seconds, SECONDS_TO_END)

    def test_killed_in_the_middle_of_a_barrier(self):
        self.assert_ended_by(self.play("killed"), 128 + 9, "signal 9")

    def test_those_who_do_not_catch_it_say_nothing(self):
        for scenario in ("killed", "segfault", "exits"):
            with self.subTest(scenario):
                done = self.play(scenario)
                self.assertEqual(len(done.err.splitlines()), 1, done.err)

    def test_segmentation_fault_while_others_receive(self):
        self.assert_ended_by(self.play("segfault"), 128 + 11, "signal 11 (segmentation fault)")

    def test_exit_with_a_status(self):
        self.assert_ended_by(self.play("exits"), 7, "status 7")

    def test_exit_without_finalize_is_no_success(self):
        self.assert_ended_by(self.play("exits-without-finalize"), 1, "without finalize")

    def test_uncaught_exception(self):
        done = self.play("throws")
        self.assert_ended_by(done, 128 + 6, "signal 6")
        self.assertIn("the disk is full", done.err)

    def test_abort_says_its_text(self):
        self.assert_ended_by(self.play("aborts"), 42, "gives up: no data")

    def test_every_scenario_with_another_actor(self):
        for actor in (0, 1, 3):
            with self.subTest(actor=actor):
                done = self.play("exits", actor)
                self.assertEqual(done.status, 7)
                self.assertIn(f"rank {actor} ", done.last_line)


class OneRankLeaves(LauncherTest):
    def play(self, scenario, actor=2, ranks=RANKS):
        return self.run_prun("-n", str(ranks), SCENARIO, scenario, str(actor))

    def test_its_last_words_arrive(self):
        done = self.play("leaves-early")
        self.assertEqual(done.status, 0, done.err)
        self.assertEqual(len(done.out.splitlines()), RANKS - 1)
        for line in done.out.splitlines():
            self.assertIn("peer_finished: ", line)
            self.assertIn("rank 2 has finished", line)
        self.assertEqual(done.err, "")

    def test_a_rank_that_never_joins_is_named_by_those_who_wait_for_it(self):
        done = self.play("never-joins")
        self.assertEqual(done.status, 0, done.err)
        self.assertEqual(len(done.out.splitlines()), RANKS - 1)
        for line in done.out.splitlines():
            self.assertIn("peer_finished: ", line)
            self.assertIn("rank 2 has finished", line)

    def test_use_after_finalize(self):
        done = self.play("never-joins-again")
        self.assertEqual(done.status, 0, done.err)
        self.assertEqual(done.out, "invalid_argument: prun was used after finalize\n")

    def test_sending_to_a_rank_that_has_left(self):
        done = self.play("send-to-the-gone", ranks=2, actor=1)
        self.assertEqual(done.status, 0, done.err)
        self.assertIn("peer_finished: rank 0: send to 1, tag 3: rank 1 has finished", done.out)


class WithoutPrun(LauncherTest):
    def alone(self, command, **variables):
        return subprocess.run(command, env={**self.environment, **variables}, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=30)

    def test_a_program_by_itself_is_one_quiet_rank(self):
        program = [os.path.join(os.environ["PRUN_BIN"], "cpi"), "1000"]
        if not os.path.exists(program[0]):
            self.skipTest("the examples were not built here")
        for variables in ({}, {"SLURM_NTASKS": "4", "SLURM_PROCID": "1", "SLURM_JOB_ID": "7"}, {"PMI_SIZE": "1", "PMI_RANK": "0"}):
            done = self.alone(program, **variables)
            self.assertEqual((done.returncode, done.stderr), (0, ""), variables)
            self.assertIn("3.14159", done.stdout)

    def test_rank_0_of_prrtes_prun_does_not_go_on_alone(self):
        done = self.alone([SCENARIO, "leaves-early", "0"], PMIX_RANK="0", PMIX_NAMESPACE="prterun-rpi1-7@1")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("the prun of PRRTE", done.stderr)
        self.assertIn("every process would be rank 0 of 1; start it with `prun -n N PROGRAM`", done.stderr)

    def test_real_launchers_of_mpi(self):
        launchers = {
            "mpiexec.hydra": ([], "mpiexec of MPICH"),
            "mpirun.openmpi": (["--allow-run-as-root", "--oversubscribe"], "mpirun of Open MPI"),
        }
        for launcher, (options, name) in launchers.items():
            if not shutil.which(launcher):
                continue
            with self.subTest(launcher):
                done = self.alone([launcher, *options, "-n", "2", SCENARIO, "leaves-early", "0"])
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(f"this program uses prun but was started by {name}", done.stderr)

    def test_another_launcher_is_named(self):
        for variables, name in (
            ({"OMPI_COMM_WORLD_SIZE": "4"}, "mpirun of Open MPI"),
            ({"PMI_SIZE": "4"}, "mpiexec of MPICH"),
        ):
            done = subprocess.run(
                [SCENARIO, "leaves-early", "0"],
                env={**self.environment, **variables},
                capture_output=True,
                text=True,
                timeout=30,
            )
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(name, done.stderr)
            self.assertIn("prun -n N", done.stderr)

    def test_waiting_for_oneself_alone_is_told(self):
        done = self.run_prun("-n", "1", SCENARIO, "never-joins-again", "0")
        self.assertEqual(done.status, 0, done.err)
        done = self.run_prun("-n", "1", SCENARIO, "segfault", "5")
        self.assertNotEqual(done.status, 0)
        self.assertIn("would wait for ever", done.err)


if __name__ == "__main__":
    unittest.main()
