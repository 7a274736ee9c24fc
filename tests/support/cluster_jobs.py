"""Jobs on a virtual cluster, which each test leaves without a process."""

import unittest

import vcluster
from vcluster import Cluster

PROGRAMS = vcluster.BIN.resolve().parent / "tests"


class ClusterJobs(unittest.TestCase):
    """One cluster for the class."""

    hosts = 4
    rate = "100mbit"
    binds = ()  # further folders that hosts see

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(hosts=cls.hosts, rate=cls.rate, binds=[PROGRAMS, *cls.binds])
        cls.enterClassContext(cls.cluster)

    def tearDown(self):
        self.cluster.wait_idle()

    def start(self, *words, ranks):
        """prun on rpi1 whose ranks have all printed "up"."""
        process = self.cluster.popen("rpi1", ["prun", *words])
        self.addCleanup(self.end, process)
        for _ in range(ranks):
            self.assertEqual(process.stdout.readline(), "up\n")
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.terminate()
            process.wait(10)
        process.stdout.close()
        process.stderr.close()

    def off(self, host):
        """Pulls the plug; put back, if nobody has, when the test is over."""
        self.addCleanup(self.on, host)
        self.cluster.off(host)

    def on(self, host):
        if not self.cluster.init(host):
            self.cluster.on(host)

    @staticmethod
    def last_line(text):
        return text.rstrip("\n").rpartition("\n")[2]
