"""What people do to the ports of ranks who have no business there, while a job runs."""

import os
import resource
import socket
import time
import unittest

from launcher_support import MIB, LauncherTest, processes_with, wait_until

EXCHANGE = os.path.join(os.path.dirname(os.environ["PRUN_BIN"]), "tests", "exchange")
RANKS = 3
CROWD = 1000
AT_ONCE = 64  # strangers for whom a rank keeps a descriptor


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))


def listening(pid):
    """(address, port) of the sockets of a process that take connections."""
    own = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{name}")
        except OSError:
            continue
        if target.startswith("socket:["):
            own.add(target[8:-1])
    found = []
    for table in ("tcp", "tcp6"):
        with open(f"/proc/{pid}/net/{table}", encoding="ascii") as file:
            for line in list(file)[1:]:
                fields = line.split()
                if fields[3] != "0A" or fields[9] not in own:
                    continue
                address, port = fields[1].split(":")
                found.append((address, int(port, 16)))
    return found


class Strangers(LauncherTest):
    def setUp(self):
        super().setUp()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * CROWD), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        self.callers = []
        self.addCleanup(self.hang_up)

    def hang_up(self):
        for caller in self.callers:
            caller.close()
        self.callers.clear()

    def start(self, *options):
        self.job = self.popen("-n", str(RANKS), "-x", "PRUN_SHM=off", *options, EXCHANGE, stdin=-1)
        self.rounds()  # all have met
        self.ranks = [pid for pid in processes_with(self.token)
                      if os.path.realpath(f"/proc/{pid}/exe") == os.path.realpath(EXCHANGE)]
        self.assertEqual(len(self.ranks), RANKS)
        self.rounds()
        self.ports = {pid: listening(pid) for pid in self.ranks}

    def rounds(self):
        """Rounds of the job since it was last asked."""
        self.job.stdin.write(b"\n")
        self.job.stdin.flush()
        return int(self.job.stdout.readline())

    def call(self, pid, says=b""):
        caller = socket.socket()
        caller.setblocking(False)
        caller.connect_ex(("127.0.0.1", self.ports[pid][0][1]))
        self.callers.append(caller)
        wait_until(lambda: self.said(caller, says), 30, "the stranger is heard")
        return caller

    @staticmethod
    def said(caller, says):
        try:
            return not says or caller.send(says) > 0
        except BlockingIOError:
            return False
        except OSError:
            return True  # cut off already

    def is_cut_off(self, caller):
        try:
            return caller.recv(1) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def ends_well(self):
        self.hang_up()
        done = self.finish(self.job)
        self.assertEqual(done.out.splitlines()[-1:], ["whole"])
        self.assertQuiet(done)

    def bear(self, says):
        """What the crowd says, one after the other of `says`, costs little and nothing goes wrong."""
        self.start()
        before = {pid: (descriptors(pid), resident_kib(pid)) for pid in self.ranks}
        victim = self.ranks[0]
        for i in range(CROWD):
            self.call(victim, says[i % len(says)])
            if i % 100 == 99:
                self.assertGreater(self.rounds(), 0)
        for pid in self.ranks:
            self.assertLessEqual(descriptors(pid), before[pid][0] + AT_ONCE)
            self.assertLess(resident_kib(pid), before[pid][1] + 4 * MIB)
        wait_until(lambda: self.rounds() and sum(map(self.is_cut_off, self.callers)) >= CROWD - AT_ONCE, 30,
                   "most are cut off")
        # And the others when their time is over; none has to leave by itself.
        wait_until(lambda: self.rounds() and all(map(self.is_cut_off, self.callers)), 30, "all are cut off")
        wait_until(lambda: all(descriptors(pid) <= before[pid][0] for pid in self.ranks), 10, "descriptors are free again")
        self.ends_well()

    def test_a_crowd_of_all_kinds(self):
        self.bear([b"", b"p", b"prun-dt\n", b"prun-dt\n" + bytes(87), b"GET / HTTP/1.0\r\n\r\n", os.urandom(4096)])

    def test_who_says_a_byte_at_a_time_has_no_more_time_than_others(self):
        self.start()
        callers = [self.call(self.ranks[1]) for _ in range(3)]
        hello = iter(b"prun-dt\n" + bytes(88))
        def drips():
            letter = bytes([next(hello, 0)])
            for caller in callers:
                self.said(caller, letter)
            time.sleep(0.2)  # the pace of the drip, no wait for a state
            return all(map(self.is_cut_off, callers))
        wait_until(drips, 30, "the slow ones are cut off")
        self.ends_well()

    def test_ranks_listen_where_the_job_is_and_nowhere_else(self):
        self.start()
        for pid in self.ranks:
            self.assertEqual([address for address, _ in self.ports[pid]], ["0100007F"])
        self.ends_well()

    def test_an_encrypted_job_bears_them_too(self):
        self.start("--encrypt")
        for i in range(100):
            self.call(self.ranks[i % RANKS], os.urandom(200))
        self.assertGreater(self.rounds(), 0)
        self.ends_well()


if __name__ == "__main__":
    unittest.main()
