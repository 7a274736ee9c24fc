"""Jobs that hang over several hosts, and slow or broken links that only look like it."""

import os
import pathlib
import time
import unittest

import vcluster
from vcluster import Cluster

PROGRAMS = pathlib.Path(os.environ["PRUN_BIN"]).parent / "tests"
MISTAKES = str(PROGRAMS / "mistakes")


class Hangs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(hosts=3, rate="10mbit", binds=[PROGRAMS])
        cls.enterClassContext(cls.cluster)

    def tearDown(self):
        self.cluster.wait_idle()

    def words(self, name):
        return ["prun", "-H", "rpi1,rpi2,rpi3", "--compress=off", MISTAKES, name]

    def test_a_deadlock_names_the_hosts(self):
        done = self.cluster.run("rpi1", self.words("wrong_tag"))
        self.assertEqual(done.returncode, 123, done.stderr)
        self.assertIn("prun:   rank 1 on rpi2 is in recv from 0, tag 7", done.stderr)
        self.assertIn("the tags differ, 7 and 8", done.stderr)

    def test_a_slow_link(self):
        done = self.cluster.run("rpi1", self.words("large_message"))
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "up\n", ""))

    def test_a_cable_that_is_out_for_a_while(self):
        process = self.cluster.popen("rpi1", self.words("large_message"))
        self.assertEqual(process.stdout.readline(), "up\n")
        self.cluster.cut("rpi2")
        time.sleep(2.5)  # every rank has been still for long enough
        self.assertIsNone(process.poll())
        self.cluster.mend("rpi2")
        out, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, out, err), (0, "", ""))


if __name__ == "__main__":
    vcluster.main()
