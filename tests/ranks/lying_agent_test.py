"""What an agent, whose host is broken or in wrong hands, may tell the launcher: nothing that hurts, and each lie is named."""

import os
import resource
import sys
import unittest

import lying_agent
from launcher_support import MIB, LauncherTest

SPEAKER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lying_agent.py")


class LyingAgent(LauncherTest):
    def run_beside(self, lie):
        """Rank 0 here, waiting; rank 1 on the host that lies."""
        ssh = self.write("ssh", f"#!/bin/sh\nexec {sys.executable} {SPEAKER} {lie}\n")
        return self.run_prun("--launcher-exec", ssh, "-H", "localhost,far", "sleep", "60")

    def test_each_lie_ends_the_job_with_the_name_of_the_host(self):
        for lie in [*lying_agent.FIRST, *lying_agent.CHECKING, *lying_agent.STARTED]:
            with self.subTest(lie):
                done = self.run_beside(lie)
                self.assertEqual(done.status, 125, done.err)
                self.assertRegex(done.err, r"(?m)^prun: (far: |lost the connection to far )")
                self.assertNotIn("I am rank 0", done.out)
                self.assertLess(done.seconds, 10)
        used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        self.assertLess(used, 200 * MIB)


if __name__ == "__main__":
    unittest.main()
