"""One time on several hosts whose own clocks are seconds apart and drift: prun's clock."""

import os
import pathlib
import re
import unittest

import vcluster

WATCH = pathlib.Path(os.environ["PRUN_BIN"]).parent / "tests" / "clock_watch"
# Within what real boards are, and both ways.
SKEW = "PRUN_CLOCK_SKEW=rpi2=3.5/200,rpi3=-2/-200,rpi4=0.5/-150"


class Time(unittest.TestCase):
    """All virtual hosts have one true clock, so the program can hold what it is told against the truth."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(vcluster.Cluster(hosts=4, rate="100mbit", binds=[WATCH.parent]))

    def watch(self, seconds, network):
        result = self.cluster.run("rpi1", ["prun", "-q", "-H", "rpi[1-4]", "-x", SKEW, WATCH, str(seconds), network],
                                  check=True)
        found = re.fullmatch(r"readings (\d+) error (-?\d+) bound (\d+) beyond (\d+) backwards (\d+) left .*\n",
                             result.stdout)
        self.assertTrue(found, result.stdout)
        return dict(zip(("readings", "error", "bound", "beyond", "backwards"), map(int, found.groups())))

    def assert_true_time(self, found):
        self.assertGreater(found["readings"], 100)
        self.assertEqual(found["beyond"], 0, found)
        self.assertEqual(found["backwards"], 0, found)
        # The clocks themselves are up to 5.5 s apart; that of a machine busy with other tests is still told well.
        self.assertLess(found["error"], 1000, found)

    def test_hosts_agree_while_nothing_else_is_sent(self):
        self.assert_true_time(self.watch(4, "quiet"))

    def test_hosts_agree_while_the_links_are_full(self):
        self.assert_true_time(self.watch(4, "load"))

    def test_without_datagrams_it_says_what_is_wrong(self):
        rule = ["pref", "1", "ipproto", "udp", "blackhole"]
        self.cluster.run("rpi2", ["ip", "rule", "add", *rule], check=True)
        self.addCleanup(self.cluster.run, "rpi2", ["ip", "rule", "del", *rule], check=True)
        result = self.cluster.run("rpi1", ["prun", "-H", "rpi1,rpi2", WATCH, "1", "quiet"])
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("does a firewall between the hosts drop UDP?", result.stderr)


if __name__ == "__main__":
    vcluster.main()
