"""A host that has so much to do that nothing on it gets its turn soon is alive all the same."""

import unittest

import vcluster
from vcluster import Cluster

# Twice the time after which a host that says nothing is dead.
BUSY = "echo up; i=0; while test $i -lt 100; do (while :; do :; done) & i=$((i + 1)); done; sleep 8; kill $(jobs -p); echo done"


class Busy(unittest.TestCase):
    def test_a_host_at_load_100(self):
        with Cluster(hosts=3) as cluster:
            done = cluster.run("rpi1", ["prun", "-H", "rpi1,rpi2,rpi3", "bash", "-c", f"test $PRUN_RANK = 1 || exec sleep 1; {BUSY}"],
                               timeout=110)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "up\ndone\n", ""))
            cluster.wait_idle()


if __name__ == "__main__":
    vcluster.main()
