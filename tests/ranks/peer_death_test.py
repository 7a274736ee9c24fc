"""A rank dies, and every other is told so wherever it stands, before the job is ended.

    python3 peer_death_test.py shared|apart    ranks that share memory, or that talk over TCP
"""

import os
import pathlib
import signal
import subprocess
import sys
import unittest

from launcher_support import PRUN, LauncherTest, wait_until

BEREAVED = os.path.join(os.path.dirname(os.environ["PRUN_BIN"]), "tests", "bereaved")
APART = "apart" in sys.argv
RANKS = 4
EPOLL = {"x86_64": {"232", "281", "441"}, "aarch64": {"22", "441"}}.get(os.uname().machine, set())


def sleeps(pid):
    """Whether it waits in the library's event loop, or cannot be asked."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[0]
        call = pathlib.Path(f"/proc/{pid}/syscall").read_text().split()[0]
    except OSError:
        return True
    return stat == "S" and (not EPOLL or call in EPOLL)


class PeerDeath(LauncherTest):
    def die(self, place, victim, *more):
        options = ["-x", "PRUN_SHM=off"] if APART else []
        process = subprocess.Popen([PRUN, "-n", str(RANKS), *options, BEREAVED, place, str(victim), *more],
                                   env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        pids = {}
        for _ in range(RANKS):
            rank, waits, pid = process.stdout.readline().split()
            self.assertEqual(waits, "waits")
            pids[int(rank)] = int(pid)
        if place != "test":  # that one looks again and again
            for rank, pid in pids.items():
                if rank != victim:
                    wait_until(lambda pid=pid: sleeps(pid), 10, f"{place}: rank {rank} waits")
        os.kill(pids[victim], signal.SIGKILL)
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 128 + 9, err)
        told = dict(line.split(" ", 1) for line in out.splitlines())
        for rank in range(RANKS):
            if rank != victim:
                self.assertRegex(told.get(str(rank), "nothing"),
                                 rf"^was told peer_lost: rank {rank}( on \S+)?\b.*\brank {victim}( on \S+)? died: signal 9",
                                 f"{place}, {victim} of {RANKS} dies")
        self.assertRegex(err.splitlines()[-1], rf"^prun: rank {victim}( on \S+)? died: signal 9")

    def test_wherever_they_stand(self):
        places = subprocess.run([BEREAVED, "list"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
        self.assertGreater(len(places), 30)
        for number, place in enumerate(places):
            with self.subTest(place):
                self.die(place, number % RANKS)

    def test_while_they_look_for_each_other(self):
        for place in ("recv", "send-large", "barrier"):
            with self.subTest(place):
                self.die(place, 1, "strangers")


if __name__ == "__main__":
    unittest.main(argv=[word for word in sys.argv if word not in ("shared", "apart")])
