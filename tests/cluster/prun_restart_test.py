"""Ranks that are started again on hosts that were lost and come back: what the ranks see is checked in restart.cpp."""

import os
import signal

import vcluster
from cluster_jobs import PROGRAMS, ClusterJobs

RESTART = str(PROGRAMS / "restart")


class Restart(ClusterJobs):
    def ends_well(self, process, *lines):
        out, err = process.communicate(timeout=90)
        self.assertEqual((process.returncode, out), (0, "restarted\n"), err)
        for line in lines:
            self.assertRegex(err, line)
        self.assertNotIn("went on without", err)

    def test_hosts_that_lose_their_power_and_get_it_back(self):
        process = self.start("--restart", "2", "-H", "rpi1,rpi2,rpi4:2", RESTART, "farm-by-others", ranks=1)
        for host in ("rpi2", "rpi4"):
            self.off(host)
        seen = ""
        while "rpi2" not in seen or "rpi4" not in seen:
            seen += process.stderr.readline()
        self.assertRegex(seen, r"prun: .*\brpi4\b.* stopped answering \d+ s ago \(.*\).*; .*rpi4 (is|are) tried again now and then; the others go on\n")
        for host in ("rpi4", "rpi2"):
            self.cluster.on(host)
        self.ends_well(process, r"prun: rpi2 is back\nprun: rank 1 on rpi2 starts again \(1 of 2\)\n",
                       r"prun: rpi4 is back\nprun: rank 2 on rpi4 starts again \(1 of 2\)\nprun: rank 3 on rpi4 starts again \(1 of 2\)\n")

    def test_a_cable_that_was_out_for_too_long(self):
        # Agent and rank of before are still there when the host comes back.
        process = self.start("--node-timeout", "1", "--restart", "2", "-H", "rpi1,rpi2", RESTART, "farm-by-others", ranks=1)
        self.cluster.cut("rpi2")
        try:
            self.assertRegex(process.stderr.readline(), r"^prun: rpi2 stopped answering")
        finally:
            self.cluster.mend("rpi2")
        self.ends_well(process, r"prun: rpi2 is back\n")

    def test_an_agent_that_was_killed(self):
        process = self.start("--restart", "2", "-H", "rpi1,rpi2,rpi3", RESTART, "farm-by-others", ranks=1)
        for host in ("rpi2", "rpi3"):
            agents = [number for number, words in self.cluster.processes(host) if "/agent-" in words]
            os.kill(max(agents), signal.SIGKILL)
        self.ends_well(process, r"prun: lost the connection to rpi2 \(rank 1", r"prun: rpi3 is back\n")

    def test_who_is_back_and_not_needed(self):
        process = self.start("--restart", "2", "-H", "rpi1,rpi2", RESTART, "waiting-by-others", ranks=1)
        self.off("rpi2")
        self.cluster.on("rpi2")
        self.ends_well(process, r"prun: rank 1 on rpi2 starts again \(1 of 2\)\n")

    def test_nobody_waits_for_a_host_when_all_is_done(self):
        process = self.start("--restart", "2", "-H", "rpi1,rpi2", "sh", "-c",
                             "test $PRUN_RANK = 0 || exec sleep 100; echo up; sleep 6; echo done", ranks=1)
        self.off("rpi2")
        out, err = process.communicate(timeout=40)
        self.assertEqual((process.returncode, out), (0, "done\n"), err)
        self.assertEqual(err.rstrip("\n").rpartition("\n")[2], "prun: went on without rank 1 on rpi2")

    def test_rank_0_and_its_host(self):
        # prun is elsewhere.
        process = self.start("--restart", "2", "-H", "rpi2,rpi3,rpi4", RESTART, "without-master-by-others", ranks=1)
        self.off("rpi2")
        self.assertRegex(process.stderr.readline(), r"^prun: rpi2 stopped answering .*; rpi2 is tried again now and then; the others go on\n")
        self.cluster.on("rpi2")
        self.ends_well(process, r"^prun: rpi2 is back\nprun: rank 0 on rpi2 starts again \(1 of 2\)\n$")

    def test_the_time_when_the_host_of_rank_0_is_gone(self):
        process = self.start("--restart", "2", "-H", "rpi2,rpi3,rpi4", "-x", "PRUN_CLOCK_SKEW=rpi2=30/100,rpi3=-20/0,rpi4=90/-100",
                             RESTART, "clock-after-the-loss", ranks=1)
        agents = [number for number, words in self.cluster.processes("rpi2") if "/agent-" in words]
        os.kill(max(agents), signal.SIGKILL)
        self.ends_well(process, r"prun: lost the connection to rpi2 \(rank 0", r"prun: rank 0 on rpi2 starts again \(1 of 2\)\n")

    def test_primes_without_rank_0_end(self):
        process = self.cluster.popen("rpi1", ["prun", "--restart", "1", "-H", "rpi2,rpi3,rpi4", "prime", "1e12", "--farm", "--progress"])
        self.addCleanup(self.end, process)
        self.assertRegex(process.stderr.readline(), r"^\d+ of \d+ pieces done")
        self.off("rpi2")
        out, err = process.communicate(timeout=20)
        self.assertEqual((process.returncode, out), (125, ""), err)
        self.assertIn("rank 0 on rpi2 is lost: its host stopped answering", err)
        self.assertEqual(self.last_line(err), "prun: rank 0 was lost with its host rpi2")

    def test_primes(self):
        process = self.cluster.popen("rpi1", ["prun", "--restart", "2", "-H", "rpi1,rpi2,rpi4", "prime", "1e10", "--farm",
                                              "--progress"])
        self.addCleanup(self.end, process)
        self.assertRegex(process.stderr.readline(), r"^\d+ of 1024 pieces done")
        [victim] = [number for number, words in self.cluster.processes("rpi2") if words.startswith("prime ")]
        os.kill(victim, signal.SIGKILL)
        agents = [number for number, words in self.cluster.processes("rpi4") if "/agent-" in words]
        os.kill(max(agents), signal.SIGKILL)
        out, err = process.communicate(timeout=90)
        self.assertEqual(process.returncode, 0, err)
        self.assertIn("\n455052511 primes below 10000000000, found by 3 ranks on 3 hosts\n", out)
        self.assertRegex(err, r"1024 of 1024 pieces done, .*, back: rank 1 2\n")

    def test_primes_with_boards_unplugged_until_one_is_left(self):
        process = self.cluster.popen("rpi1", ["prun", "--on-failure=continue", "-H", "rpi[1-4]", "prime", "1e10", "--farm", "--progress"])
        self.addCleanup(self.end, process)
        self.assertRegex(process.stderr.readline(), r"^\d+ of 1024 pieces done")
        # What they were at is missed until prun has noticed.
        for host in ("rpi3", "rpi2", "rpi4"):
            self.off(host)
        out, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, err)
        self.assertIn("\n455052511 primes below 10000000000, found by ", out)
        self.assertRegex(err, r"1024 of 1024 pieces done, .*, lost: rpi2 rpi3 rpi4\n")


if __name__ == "__main__":
    vcluster.main()
