"""Hosts that go dark, cables that are pulled, and what looks like it and is none of it."""

import os
import pathlib
import signal
import time

import vcluster
from cluster_jobs import PROGRAMS, ClusterJobs
from vcluster import wait_until

PROMISE = 5  # seconds from the plug to the end of the job
LOADED = 5   # and what a loaded machine may add


class DarkTest(ClusterJobs):
    def shut_login(self, host):
        """Login shells there wait until something is written to the file that is returned."""
        home = self.cluster.root(host) / "root"
        gate = home / "gate"
        os.mkfifo(gate)
        (home / ".bashrc").write_text("read go <gate\n")

        def open_for_good():
            home = self.cluster.root(host) / "root"  # the host may have been off and on
            (home / ".bashrc").unlink()
            opened = os.open(home / "gate", os.O_RDWR)
            os.write(opened, b"\n")
            os.close(opened)
            (home / "gate").unlink()

        self.addCleanup(open_for_good)
        return gate

    def launcher(self):
        [number] = [number for number, words in self.cluster.processes("rpi1") if words.startswith("prun ")]
        return number


class Dark(DarkTest):
    def ends_with(self, process, line):
        begun = time.monotonic()
        _, err = process.communicate(timeout=40)
        self.assertLess(time.monotonic() - begun, PROMISE + LOADED)
        self.assertEqual(process.returncode, 125)
        self.assertRegex(self.last_line(err), line)
        self.cluster.wait_idle(5, hosts=[host for host in self.cluster.hosts if self.cluster.init(host)])

    def test_a_host_without_power_ends_the_job(self):
        process = self.start("-H", "rpi1,rpi2,rpi3,rpi4", "-n", "8", "sh", "-c", "echo up; exec sleep 100", ranks=8)
        self.off("rpi3")
        self.ends_with(process, r"^prun: rpi3 stopped answering [34] s ago \(ranks 2, 6\)$")

    def test_with_ranks_that_do_not_listen(self):
        process = self.start("-H", "rpi1,rpi2,rpi4", "sh", "-c", "trap '' TERM; echo up; exec sleep 100", ranks=3)
        self.off("rpi4")
        self.ends_with(process, r"^prun: rpi4 stopped answering [34] s ago \(rank 2\)$")

    def test_two_at_once_are_one_line(self):
        process = self.start("-H", "rpi1,rpi2,rpi3,rpi4", "sh", "-c", "echo up; exec sleep 100", ranks=4)
        self.off("rpi3")
        self.off("rpi4")
        self.ends_with(process, r"^prun: (rpi3, rpi4|rpi3) stopped answering [34] s ago \((ranks 2, 3|rank 2)\)$")

    def test_in_the_middle_of_traffic(self):
        process = self.cluster.popen("rpi1", ["prun", "-H", "rpi1,rpi2,rpi3", str(PROGRAMS / "scenario"), "stream", "0"])
        self.addCleanup(self.end, process)
        process.stdout.readline()
        self.off("rpi2")
        self.ends_with(process, r"^prun: rpi2 stopped answering [34] s ago \(rank 1\)$")

    def test_after_the_time_the_user_has_said(self):
        process = self.start("--node-timeout", "1", "-H", "rpi1,rpi2", "sh", "-c", "echo up; exec sleep 100", ranks=2)
        self.off("rpi2")
        self.ends_with(process, r"^prun: rpi2 stopped answering (0\.[89]|1\.\d) s ago \(rank 1\)$")

    def test_while_the_job_starts(self):
        # A login shell that takes its time keeps the job from starting; the others have their agents already.
        gate = self.shut_login("rpi2")
        process = self.cluster.popen("rpi1", ["prun", "-v", "-H", "rpi2,rpi3,rpi4", "sleep", "100"])
        self.addCleanup(self.end, process)
        seen = ""
        while "rpi3: agent up" not in seen or "rpi4: agent up" not in seen:
            seen += process.stderr.readline()
        self.off("rpi4")
        begun = time.monotonic()
        for line in process.stderr:
            if "rpi4: failed" in line:
                break
        self.assertIn("stopped answering", line)
        self.assertLess(time.monotonic() - begun, PROMISE + LOADED)
        gate.write_text("\n")
        _, err = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 125)
        self.assertRegex(err, r"prun: rpi4: stopped answering \d s ago\n")

    def test_while_it_logs_in(self):
        """ssh itself would wait for --start-timeout."""
        self.shut_login("rpi4")
        process = self.cluster.popen("rpi1", ["prun", "-v", "--start-timeout", "60", "-H", "rpi2,rpi4", "sleep", "100"])
        self.addCleanup(self.end, process)
        wait_until(lambda: any(words.startswith("bash -c") for _, words in self.cluster.processes("rpi4")))
        self.off("rpi4")
        self.ends_with(process, r"^prun: nothing was started on any host$")


class Alive(DarkTest):
    """What is no death."""

    hosts = 3

    # Short enough for a test to be longer.
    short = ("--node-timeout", "0.5")
    long = 3  # seconds: longer than that, and shorter than an agent without network waits

    def goes_on(self, process, out=""):
        got, err = process.communicate(timeout=40)
        self.assertEqual((sorted(got.split()), err, process.returncode), (sorted(out.split()), "", 0))

    def test_a_cable_that_was_out_for_a_while(self):
        for seconds in (2, 2.5):
            with self.subTest(seconds=seconds):
                process = self.start("-H", "rpi1,rpi2,rpi3", "sh", "-c",
                                     "echo up; for i in 1 2 3 4 5 6 7 8; do sleep 0.5; echo $i; done", ranks=3)
                self.cluster.cut("rpi3")
                time.sleep(seconds)
                self.cluster.mend("rpi3")
                self.goes_on(process, "1 2 3 4 5 6 7 8 " * 3)

    def test_a_rank_that_is_stopped(self):
        process = self.start(*self.short, "-H", "rpi1,rpi2", "sh", "-c", "echo up; exec sleep 1", ranks=2)
        rank = wait_until(lambda: [number for number, words in self.cluster.processes("rpi2") if words == "sleep 1"])[0]
        os.kill(rank, signal.SIGSTOP)
        time.sleep(self.long)
        self.assertIsNone(process.poll())
        os.kill(rank, signal.SIGCONT)
        self.goes_on(process)

    def test_a_launcher_that_is_stopped(self):
        # Longer than an agent would wait for a launcher whose network is gone.
        process = self.start(*self.short, "-H", "rpi1,rpi2,rpi3", "sh", "-c", "echo up; sleep 1; echo $PRUN_RANK", ranks=3)
        launcher = self.launcher()
        os.kill(launcher, signal.SIGSTOP)
        time.sleep(8)
        os.kill(launcher, signal.SIGCONT)
        self.goes_on(process, "0 1 2")

    def test_links_that_are_full_in_both_directions(self):
        process = self.cluster.popen("rpi1", ["prun", "--timeout", "6", *self.short, "-H", "rpi1,rpi2,rpi3", "-n", "6",
                                              str(PROGRAMS / "scenario"), "stream", "0"])
        self.addCleanup(self.end, process)
        _, err = process.communicate(timeout=40)
        self.assertEqual((process.returncode, self.last_line(err)),
                         (124, "prun: the job was ended at its time limit of 6 s (--timeout)"))


class Bereaved(DarkTest):
    """What the other ranks are told, with two on each of two hosts."""

    hosts = 2

    def wait_at(self, place, victim):
        process = self.cluster.popen("rpi1", ["prun", "-H", "rpi1:2,rpi2:2", str(PROGRAMS / "bereaved"), place, str(victim)])
        self.addCleanup(self.end, process)
        for _ in range(4):
            self.assertIn(" waits ", process.stdout.readline())
        return process

    def told(self, process, others, pattern):
        out, err = process.communicate(timeout=40)
        lines = dict(line.split(" ", 1) for line in out.splitlines())
        for rank in others:
            self.assertRegex(lines.get(str(rank), "nothing"), pattern, out + err)

    def test_of_a_rank_that_dies(self):
        for place in ("barrier", "allreduce", "allreduce-large", "bcast-large", "alltoall-large", "send-large", "recv"):
            with self.subTest(place):
                process = self.wait_at(place, 3)
                [victim] = [number for number, words in self.cluster.processes("rpi2") if "/bereaved" in words
                            and b"\0PRUN_RANK=3\0" in pathlib.Path(f"/proc/{number}/environ").read_bytes()]
                os.kill(victim, signal.SIGKILL)
                self.told(process, (0, 1, 2), r"was told peer_lost: .*\brank 3 on rpi2 died: signal 9")

    def test_of_a_host_that_goes_dark(self):
        process = self.wait_at("allreduce", 1)
        self.off("rpi2")
        self.told(process, (0,), r"was told peer_lost: .*\brank [23] on rpi2 is lost: its host stopped answering [34] s ago$")


class CutOff(DarkTest):
    """A host whose cable is out for good ends its ranks by itself."""

    hosts = 3

    def test_it_has_nothing_left_in_the_end(self):
        process = self.start("--node-timeout", "0.5", "-H", "rpi1,rpi2,rpi3", "sh", "-c",
                             "trap '' TERM HUP; echo up; setsid sleep 101 & exec sleep 100", ranks=3)
        self.cluster.cut("rpi3")
        self.addCleanup(self.cluster.mend, "rpi3")
        _, err = process.communicate(timeout=20)
        self.assertRegex(self.last_line(err), r"^prun: rpi3 stopped answering 0\.\d s ago \(rank 2\)$")
        self.cluster.wait_idle(5, hosts=["rpi1", "rpi2"])
        wait_until(lambda: not [words for _, words in self.cluster.processes("rpi3") if not words.startswith("sshd")], 20)
        self.cluster.mend("rpi3")
        self.cluster.wait_idle(20)


if __name__ == "__main__":
    vcluster.main()
