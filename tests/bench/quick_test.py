"""bench/compare --quick on a virtual cluster: every experiment runs to its end and all data is right. No time is looked
at."""
import os
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

import canned  # for the path of comparison
import vcluster

from comparison.catalogue import EXPERIMENTS
from comparison.results import Results

COMPARE = os.path.join(os.environ["PRUN_SOURCE"], "bench", "compare")


class QuickTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            cls.done = subprocess.run([COMPARE, "--quick", "--report", folder, "--bin", os.environ["PRUN_BIN"]],
                                      stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=270)
            cls.results = Results.load(os.path.join(folder, "results.json")) if os.listdir(folder) else canned.results()
            cls.files = {}
            for name in os.listdir(folder):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    cls.files[name] = file.read()
        left_out = {one["experiment"] for one in cls.results.failures if one["implementation"] == "all"}
        cls.experiments = [one for one in EXPERIMENTS if one.name not in left_out]

    def test_every_measurement_of_prun_and_tcp_is_there_and_verified(self):
        """Peers may fail here, which is noted; they are not what is tested."""
        there = {(one["experiment"], one.get("case", ""), one["op"], one["bytes"], one["implementation"])
                 for one in self.results.records if one["verified"] is True}
        for experiment in self.experiments:
            for run in experiment.quick:
                for program in set(run.programs) - {"mpich", "openmpi"}:
                    for name in ("tcp_spinning", "tcp_blocking") if program == "tcp" else (program,):
                        for operation in run.operations:
                            for size in run.sizes if operation != "barrier" else (0,):
                                self.assertIn((experiment.name, run.case, operation, size, name), there,
                                              self.done.stderr)
        self.assertTrue(all(one["verified"] is True for one in self.results.records))

    def test_bounds_where_ranks_share_hosts(self):
        """What must cross the link of each of 2 hosts with 2 ranks, from the table in bench/README.md."""
        for operation, vectors in (("bcast", 1), ("allreduce", 1), ("allgather", 2), ("alltoall", 4)):
            with self.subTest(operation):
                row = self.results.rows("shared_hosts").of(operation)[0]
                self.assertEqual(row.ranks, 4)
                payload = vectors * row.bytes
                frames = -(-payload // 1448)
                self.assertAlmostEqual(row.bound(), (payload + frames * 66 - 3200) * 8 / 100e6, places=9)

    def test_the_report_has_a_section_and_a_plot_of_each(self):
        for experiment in self.experiments:
            with self.subTest(experiment.name):
                self.assertIn(f"## {experiment.title}\n", self.files["report.md"])
                xml.etree.ElementTree.fromstring(self.files[experiment.name + ".svg"])

    def test_nothing_of_ours_failed(self):
        self.assertEqual(self.done.returncode, 0, self.done.stderr)
        self.assertEqual([one for one in self.results.failures
                          if one["implementation"].startswith(("prun", "tcp", "ssh"))], [])


if __name__ == "__main__":
    vcluster.main()
