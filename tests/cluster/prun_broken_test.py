"""Connections between two ranks that break although both hosts live: they are reset, as by a router or a firewall that
restarts, or all that goes between the two is swallowed, as by a firewall with other rules."""

import re
import signal
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

    def test_what_is_swallowed_ends_the_job_or_one_of_the_two(self):
        ring = ["-H", "rpi1,rpi2,rpi3", str(PROGRAMS / "survive"), "until-broken"]
        ending = self.start(*ring, "off", ranks=3)
        going_on = self.start("--on-failure=continue", *ring, "on", ranks=3)
        # The kernel of a rank that is stopped answers for it: no link is silent here.
        stopped = self.cluster.popen("rpi1", ["prun", "-H", "rpi1,rpi2", str(PROGRAMS / "scenario"), "stream", "1"])
        self.addCleanup(self.end, stopped)
        self.cluster.run("rpi2", ["kill", "-STOP", stopped.stdout.readline().strip()], check=True)
        # From rpi2 to rpi3 all goes to a board that is not there.
        self.inside("rpi2", "ip", "neighbour", "replace", "10.77.0.3", "lladdr", "02:00:00:00:00:99", "nud", "permanent", "dev", "eth0")
        self.addCleanup(self.inside, "rpi2", "ip", "neighbour", "delete", "10.77.0.3", "dev", "eth0")

        silence = (r"nothing that rank ([12]) on rpi[23] sends to rank (?!\1)[12] on rpi[23] has been confirmed for [2-6]\d s, "
                   r"though both hosts answer prun: does a firewall between them drop it\?")
        _, err = ending.communicate(timeout=90)
        self.assertEqual(ending.returncode, 125, err)
        self.assertRegex(self.last_line(err), f"^prun: {silence}$")
        out, err = going_on.communicate(timeout=90)
        self.assertEqual((going_on.returncode, out), (0, "survived\n"), err)
        self.assertRegex(err, rf"(?m)^prun: rank [12] on rpi[23] was ended, for {silence}; the others go on$")

        stopped.send_signal(signal.SIGQUIT)
        report = stopped.communicate(timeout=15)[1]
        self.assertIn("is stopped", report)
        self.assertNotIn("confirmed", report)


if __name__ == "__main__":
    vcluster.main()
