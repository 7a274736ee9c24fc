"""Task farms: what the ranks see is checked in farm.cpp."""

import os
import signal
import subprocess
import unittest

from launcher_support import LIMIT, LauncherTest

FARM = os.path.join(os.path.dirname(os.environ["PRUN_BIN"]), "tests", "farm")


class Farms:
    """Every scenario; the ways in which ranks talk are those of the subclasses."""

    transport = ()

    def start(self, ranks, *scenario, options=()):
        return self.run_prun("-n", str(ranks), *options, *self.transport, FARM, *scenario)

    def farm(self, ranks, *scenario, options=("--on-failure=continue",)):
        with self.subTest(ranks=ranks, scenario=scenario):
            done = self.start(ranks, *scenario, options=options)
            self.assertEqual((done.status, done.out), (0, "farmed\n"), done.err)

    def test_each_task_once(self):
        for ranks in range(1, 7):
            self.farm(ranks, "simple", options=())
            self.farm(ranks, "long", options=())
            self.farm(ranks, "serialized", options=())

    def test_an_exception_ends_the_run(self):
        for ranks in (1, 2, 5):
            self.farm(ranks, "throwing", options=())

    def test_a_farm_of_another_type(self):
        done = self.start(2, "type")
        self.assertEqual(done.status, 42, done.err)

    def test_a_slow_rank_gets_less(self):
        for ranks in (3, 6):
            self.farm(ranks, "slow", options=())

    def test_a_second_result_is_dropped(self):
        self.farm(4, "second", options=())

    def test_the_master_is_left(self):
        for ranks in range(2, 7):
            self.farm(ranks, "alone")
            self.farm(ranks, "at-once")

    def test_at_random(self):
        for seed in range(1, 19):
            self.farm(2 + seed % 5, "random", str(seed))


class OverSharedMemory(Farms, LauncherTest):
    pass


class OverTcp(Farms, LauncherTest):
    transport = ("-x", "PRUN_SHM=off")


class TheLauncher(LauncherTest):
    def test_without_the_option_a_loss_ends_the_job(self):
        done = self.run_prun("-n", "3", FARM, "alone")
        self.assertEqual(done.status, 128 + signal.SIGKILL, done.err)

    def test_without_prun(self):
        for scenario in ("simple", "long", "throwing"):
            with self.subTest(scenario):
                done = subprocess.run([FARM, scenario], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                      env=self.environment, timeout=LIMIT, check=False)
                self.assertEqual((done.returncode, done.stdout), (0, "farmed\n"))


if __name__ == "__main__":
    unittest.main()
