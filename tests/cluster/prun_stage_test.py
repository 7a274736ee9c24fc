"""Hosts that have sshd and a shell and nothing else: what prun brings along."""

import os
import pathlib
import time
import unittest

import vcluster
from vcluster import Cluster


class Bare(unittest.TestCase):
    """rpi1 has prun; the others have nothing of it."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(hosts=3, bare=["rpi2", "rpi3"])
        cls.enterClassContext(cls.cluster)

    def setUp(self):
        for host in self.cluster.hosts:
            self.cluster.run(host, ["rm", "-rf", "/root/.cache", "/root/.bashrc"], check=True)

    def tearDown(self):
        self.cluster.wait_idle()

    def prun(self, *words, **options):
        return self.cluster.run("rpi1", ["prun", *words], **options)

    def runs(self, *words, out, err="", **options):
        result = self.prun(*words, **options)
        self.assertEqual((result.returncode, sorted(result.stdout.split()), result.stderr), (0, sorted(out), err))
        return result

    def sh(self, host, script):
        return self.cluster.run(host, ["sh", "-c", script], check=True).stdout

    def cached(self, host):
        return self.sh(host, "cd /root/.cache/prun 2>/dev/null && ls -A || true").split()

    def assertNothingElsewhere(self, host):
        self.assertEqual(self.sh(host, "ls -d /tmp/prun-* /dev/shm/prun-* /var/tmp/prun-* 2>/dev/null || true"), "")


class Agent(Bare):
    def test_the_hosts_are_bare(self):
        for host in ("rpi2", "rpi3"):
            self.assertEqual(self.sh(host, f"command -v prun; ls -A {vcluster.SOURCE} 2>/dev/null || true"), "")

    def test_it_is_sent_once_and_kept(self):
        first = self.prun("-v", "-H", "rpi2,rpi3", "hostname")
        self.assertEqual(sorted(first.stdout.split()), ["rpi2", "rpi3"], first.stderr)
        self.assertEqual(first.stderr.count("needs the agent"), 2)
        for host in ("rpi2", "rpi3"):
            [agent] = self.cached(host)
            self.assertTrue(agent.startswith("agent-"), agent)
            self.assertNothingElsewhere(host)
        second = self.prun("-v", "-H", "rpi2,rpi3", "hostname")
        self.assertEqual((second.returncode, second.stderr.count("needs the agent")), (0, 0))

    def test_a_noisy_login_shell(self):
        self.sh("rpi2", "echo \"echo 'Welcome!'; echo warning >&2; printf 'no end of line'\" > /root/.bashrc")
        self.runs("-H", "rpi2,rpi3", "hostname", out=["rpi2", "rpi3"])
        self.runs("-H", "rpi2,rpi3", "hostname", out=["rpi2", "rpi3"])

    def test_a_home_that_cannot_be_written(self):
        # The host's own mount, gone again with the shell that keeps it.
        self.sh("rpi2", "mkdir -p /root/.cache && mount -t tmpfs -o ro none /root/.cache")
        try:
            for _ in range(2):
                self.runs("-H", "rpi2,rpi3", "hostname", out=["rpi2", "rpi3"])
            self.assertNothingElsewhere("rpi2")
        finally:
            self.sh("rpi2", "umount /root/.cache")

    def test_a_home_on_a_full_disk(self):
        self.sh("rpi2", "mkdir -p /root/.cache && mount -t tmpfs -o size=1m none /root/.cache")
        try:
            self.runs("-H", "rpi2", "hostname", out=["rpi2"])
            self.assertEqual(self.cached("rpi2"), [])
            self.assertNothingElsewhere("rpi2")
        finally:
            self.sh("rpi2", "umount /root/.cache")

    def test_a_home_without_leave_to_execute(self):
        self.sh("rpi2", "mkdir -p /root/.cache && mount -t tmpfs -o noexec none /root/.cache")
        try:
            self.runs("-H", "rpi2", "hostname", out=["rpi2"])
        finally:
            self.sh("rpi2", "umount /root/.cache")

    def test_no_folder_at_all(self):
        folders = ["/root/.cache", "/tmp", "/dev/shm", "/var/tmp"]
        for folder in folders:
            self.sh("rpi2", f"mkdir -p {folder} && mount -t tmpfs -o ro none {folder}")
        try:
            result = self.prun("-H", "rpi2", "hostname")
            self.assertEqual(result.returncode, 125)
            self.assertRegex(result.stderr, r"^prun: rpi2: no folder there can take prun's agent: .*/root/.cache/prun /tmp/prun-")
        finally:
            for folder in folders:
                self.sh("rpi2", f"umount {folder}")

    def test_two_jobs_at_once_on_fresh_hosts(self):
        jobs = [self.cluster.popen("rpi1", ["prun", "-H", "rpi2,rpi3", "hostname"]) for _ in range(3)]
        for job in jobs:
            out, err = job.communicate(timeout=30)
            self.assertEqual((job.returncode, sorted(out.split()), err), (0, ["rpi2", "rpi3"], ""))
        for host in ("rpi2", "rpi3"):
            self.assertEqual(len(self.cached(host)), 1)

    def test_a_link_that_is_cut_while_it_is_sent(self):
        self.cluster.rate("1mbit", "rpi2")
        try:
            process = self.cluster.popen("rpi1", ["prun", "-v", "--start-timeout", "2", "-H", "rpi2", "hostname"])
            self.addCleanup(process.stdout.close)
            self.addCleanup(process.stderr.close)
            while "receiving the agent" not in process.stderr.readline():
                pass
            self.cluster.cut("rpi2")
            _, err = process.communicate(timeout=30)
            self.assertEqual(process.returncode, 125)
            self.assertIn("prun: rpi2: prun's agent was sent there and nothing has moved within 2 s", err)
        finally:
            self.cluster.mend("rpi2")
            self.cluster.rate("100mbit", "rpi2")
        # What was there of it is never started, and the host itself finds out that nobody speaks any more.
        for pid, _ in self.cluster.processes("rpi2"):
            os.kill(pid, 9)
        self.runs("-H", "rpi2", "hostname", out=["rpi2"])


if __name__ == "__main__":
    vcluster.main()
