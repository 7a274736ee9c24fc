"""Connections between two ranks that are reset although both hosts live, as by a router or a firewall that restarts."""

import re
import subprocess
import time

import vcluster
from cluster_jobs import PROGRAMS, ClusterJobs
from vcluster import wait_until

PROMISE = 2 + 2  # seconds: until the launcher would have said what happened, and from its notice to everybody's error
LOADED = 5       # and what a loaded machine may add


class Broken(ClusterJobs):
    hosts = 3

    def inside(self, host, *words):
        return subprocess.run(["nsenter", f"--net=/proc/{self.cluster.init(host)}/ns/net", *words], check=True,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout

    def break_off(self, host, address):
        """Resets the host's connections to the other; true if there was one."""
        return "ESTAB" in self.inside(host, "ss", "-K", "-tnH", "dst", address)

    def ring(self, *words):
        """prun on rpi1 with a rank on each host, of which rpi2 and rpi3 have lost their connection."""
        process = self.start(*words[:-1], "-H", "rpi1,rpi2,rpi3", str(PROGRAMS / "survive"), "until-broken", words[-1], ranks=3)
        wait_until(lambda: self.break_off("rpi2", "10.77.0.3"), what="ranks 1 and 2 are connected")
        begun = time.monotonic()
        out, err = process.communicate(timeout=40)
        self.assertLess(time.monotonic() - begun, PROMISE + LOADED)
        return process.returncode, out, err

    def test_the_job_ends_and_names_both(self):
        status, _, err = self.ring("off")
        self.assertEqual(status, 9, err)
        last = self.last_line(err)
        one, other = re.search(r"rank ([12]) on (?:rpi[23]): .*rank ([12]) on rpi[23] .*connection", last).groups()
        self.assertNotEqual(one, other, last)

    def test_the_others_go_on_without_one_of_the_two(self):
        status, out, err = self.ring("--on-failure=continue", "on")
        self.assertEqual((status, out), (0, "survived\n"), err)
        self.assertRegex(err, r"prun: rank ([12]) on rpi[23] was ended, for rank (?!\1)[12] on rpi[23] has lost its connection "
                              r"to it \(.+\); the others go on\n")


if __name__ == "__main__":
    vcluster.main()
