"""What prun says of programs that are linked with another MPI."""

import os
import unittest

from launcher_support import LauncherTest

BIN = os.environ["PRUN_BIN"]


class MpiProgram(LauncherTest):
    def check(self, program, library):
        path = os.path.join(BIN, program)
        if not os.path.exists(path):
            self.skipTest(f"{program} was not built here")
        done = self.run_prun("-n", "3", path, "--help")
        self.assertEqual(done.status, 0, done.err)
        notes = [line for line in done.err.splitlines() if "is an MPI program" in line]
        self.assertEqual(len(notes), 1, done.err)
        self.assertRegex(notes[0], rf"^prun: .*{program} is an MPI program \({library}\.so\.\d+\): .*each is rank 0 of 1")

    def test_of_mpich_is_told_once(self):
        self.check("bench_mpich", "libmpich")

    def test_of_open_mpi_is_told_once(self):
        self.check("bench_openmpi", "libmpi")

    def test_is_not_told_when_quiet(self):
        path = os.path.join(BIN, "bench_mpich")
        if not os.path.exists(path):
            self.skipTest("bench_mpich was not built here")
        self.assertQuiet(self.run_prun("-q", "-n", "2", path, "--help"))

    def test_others_are_not_taken_for_one(self):
        self.assertQuiet(self.run_prun("-n", "2", "true"))


if __name__ == "__main__":
    unittest.main()
