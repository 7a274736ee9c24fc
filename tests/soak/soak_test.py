"""A job under random traffic on virtual hosts while cables are pulled and put back and speeds change.

Nothing may be lost, and neither ranks nor agents nor prun may grow. By hand, for longer:

    PRUN_SOAK_SECONDS=1800 PRUN_SOAK_SEED=7 PRUN_BIN=build/release/bin python3 tests/soak/soak_test.py
"""

import os
import pathlib
import random
import re
import statistics
import time
import unittest

import vcluster
from vcluster import Cluster

PROGRAM = vcluster.BIN.parent / "tests" / "soak_rank"
SECONDS = int(os.environ.get("PRUN_SOAK_SECONDS", "30"))
SEED = int(os.environ.get("PRUN_SOAK_SEED", "1"))
HOSTS = 4
RANKS_PER_HOST = 2

# Well below the time after which a host that does not answer counts as dead, with what TCP takes to notice.
LONGEST_CUT = 1.5
# A host whose cable is back asks for the addresses of the others once a second (ARP). One that is cut off anew before an
# answer came was never back.
SHORTEST_CONTACT = 1.2
SPEEDS = ("10mbit", "100mbit", "1gbit")

# What may be more at the end than in the middle: buffers that the traffic happened to need, not a leak.
MORE_MEMORY = 1.10
MORE_KIB = 1024 if SECONDS >= 300 else 4096
MORE_DESCRIPTORS = 2


def usage(pid):
    """(resident memory in KiB, open descriptors) of a process; None if it has gone."""
    try:
        status = pathlib.Path("/proc", str(pid), "status").read_text()
        found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
        return (int(found.group(1)), len(os.listdir(f"/proc/{pid}/fd"))) if found else None
    except OSError:
        return None


class Watch:
    """What every process of the job has used over time."""

    def __init__(self, cluster):
        self._cluster = cluster
        self._names = {}
        self.samples = {}

    def find(self):
        """Looks for the processes of the job; how many of them are ranks."""
        ranks = 0
        for host in self._cluster.hosts:
            for pid, command in self._cluster.processes(host):
                if not command.startswith("sshd"):
                    self._names[pid] = f"{host}: {command[:60]} ({pid})"
                ranks += pathlib.Path(command.split()[0]).name == PROGRAM.name
        return ranks

    def look(self):
        for pid in self._names:
            if (now := usage(pid)) is not None:
                self.samples.setdefault(pid, []).append(now)

    def medians(self):
        """For each process that was there nearly all the time, its name and (memory, descriptors) in each third of it."""
        longest = max(map(len, self.samples.values()))
        for pid, samples in self.samples.items():
            third = len(samples) // 3
            if len(samples) < longest * 0.8 or third == 0:
                continue
            thirds = (samples[:third], samples[third:2 * third], samples[2 * third:])
            yield self._names[pid], [tuple(statistics.median(values) for values in zip(*part)) for part in thirds]

    def growth(self):
        """Lines for what has grown between the middle third of the time and the last."""
        return [f"{name}: {middle[0]:.0f} -> {last[0]:.0f} KiB, {middle[1]:.0f} -> {last[1]:.0f} descriptors"
                for name, (_, middle, last) in self.medians()
                if last[0] > middle[0] * MORE_MEMORY + MORE_KIB or last[1] > middle[1] + MORE_DESCRIPTORS]

    def table(self):
        return "\n".join(f"{name}: KiB {' '.join(f'{part[0]:.0f}' for part in thirds)}, "
                         f"descriptors {' '.join(f'{part[1]:.0f}' for part in thirds)} (medians of each third)"
                         for name, thirds in self.medians())


class Soak(unittest.TestCase):
    def disturb(self, cluster, choice):
        """One thing that happens to a network; tells how long it has to be left alone then. The launcher's own host is
        spared nothing."""
        host = choice.choice(cluster.hosts)
        if choice.random() < 0.5:
            cluster.rate(choice.choice(SPEEDS), host)
            return choice.uniform(0.2, 1.0)
        began = time.monotonic()
        cluster.cut(host)
        time.sleep(choice.uniform(0.05, LONGEST_CUT))  # what happens, not what is waited for
        cluster.mend(host)
        self.longest_cut = max(self.longest_cut, time.monotonic() - began)  # longer than meant where the machine is busy
        return SHORTEST_CONTACT + choice.uniform(0, 1.0)

    def test_nothing_is_lost_and_nothing_grows(self):
        choice = random.Random(SEED)
        self.longest_cut = 0.0
        with Cluster(hosts=HOSTS, binds=[PROGRAM.parent]) as cluster:
            hosts = ",".join(f"{host}:{RANKS_PER_HOST}" for host in cluster.hosts)
            job = cluster.popen("rpi1", ["prun", "-H", hosts, PROGRAM, str(SECONDS), str(SEED)])
            watch = Watch(cluster)
            end = time.monotonic() + SECONDS
            vcluster.wait_until(lambda: watch.find() == HOSTS * RANKS_PER_HOST or job.poll() is not None, 30,
                                "all ranks run")
            disturbances = 0
            while time.monotonic() < end and job.poll() is None:
                rest = self.disturb(cluster, choice)
                disturbances += 1
                quiet = time.monotonic() + rest
                while time.monotonic() < quiet:
                    watch.look()
                    time.sleep(0.1)
            cluster.rate("1gbit")
            out, err = job.communicate(timeout=120)
            self.assertEqual((job.returncode, err), (0, ""), f"seed {SEED}, longest cut {self.longest_cut:.1f} s: {out}{err}")
            print(f"seed {SEED}: {disturbances} disturbances, longest cut {self.longest_cut:.1f} s, {out.strip()}\n{watch.table()}", flush=True)
            self.assertRegex(out, r"^rounds \d+ bytes \d+\n$")
            self.assertEqual(watch.growth(), [], "has grown")
            cluster.wait_idle()


if __name__ == "__main__":
    vcluster.main()
