"""The virtual cluster itself: what every other cluster test stands on."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

import vcluster
from vcluster import Cluster, wait_until

# Ends when it has sent and the other side has confirmed every byte; prints the seconds.
SEND = """
import socket, sys, time
peer = socket.create_connection((sys.argv[1], 5000), timeout=30)
start = time.monotonic()
peer.sendall(bytes(int(sys.argv[2])))
peer.shutdown(socket.SHUT_WR)
assert peer.recv(1) == b"", "unexpected data"
print(time.monotonic() - start)
"""
RECEIVE = """
import socket
listener = socket.create_server(("", 5000))
print("listening", flush=True)
while True:
    peer, _ = listener.accept()
    while peer.recv(1 << 16):
        pass
    peer.close()
"""


def running(number):
    try:
        return pathlib.Path(f"/proc/{number}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


class Login(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(hosts=3)
        cls.enterClassContext(cls.cluster)

    def test_every_host_logs_in_to_every_host_unasked(self):
        for source in self.cluster.hosts:
            for number, target in enumerate(self.cluster.hosts, start=1):
                for address in (target, f"10.77.0.{number}"):
                    with self.subTest(source=source, address=address):
                        result = self.cluster.run(source, ["ssh", "-o", "BatchMode=yes", address, "hostname"])
                        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, target + "\n", ""))

    def test_hosts_have_their_own_name(self):
        for host in self.cluster.hosts:
            self.assertEqual(self.cluster.run(host, ["uname", "-n"]).stdout, host + "\n")
            self.assertEqual(self.cluster.run(host, ["cat", "/etc/hostname"]).stdout, host + "\n")

    def test_logins_find_the_programs_under_test(self):
        path = self.cluster.run("rpi1", ["ssh", "rpi2", "echo $PATH"], check=True).stdout
        self.assertEqual(path.split(":")[0], str(vcluster.BIN))

    def test_unknown_names_are_unknown_at_once(self):
        result = self.cluster.run("rpi1", ["ssh", "rpi9", "true"], timeout=5)
        self.assertEqual(result.returncode, 255)
        self.assertIn("Name or service not known", result.stderr)

    def test_cubic(self):
        result = self.cluster.run("rpi2", ["cat", "/proc/sys/net/ipv4/tcp_congestion_control"])
        self.assertEqual(result.stdout, "cubic\n")

    def test_exit_status_words_and_stdin_reach_the_command_whole(self):
        self.assertEqual(self.cluster.run("rpi1", ["sh", "-c", "exit 37"]).returncode, 37)
        self.assertEqual(self.cluster.run("rpi1", ["sh", "-c", "kill -SEGV $$"]).returncode, 128 + signal.SIGSEGV)
        self.assertEqual(self.cluster.run("rpi1", ["no-such-program"]).returncode, 127)
        self.assertEqual(self.cluster.run("rpi1", ["printf", "%s|", "a b", "", "$x"]).stdout, "a b||$x|")
        self.assertEqual(self.cluster.run("rpi1", ["cat"], input="some\ntext").stdout, "some\ntext")
        self.assertEqual(self.cluster.run("rpi1", ["sh", "-c", "echo $A"], env={"A": "b c"}).stdout, "b c\n")
        self.assertEqual(self.cluster.run("rpi1", ["pwd"], dir="/usr/lib").stdout, "/usr/lib\n")

    def test_signals_reach_the_command(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(signal=number):
                process = self.cluster.popen("rpi1", ["bash", "-c", "echo ready; exec sleep 60"])
                self.assertEqual(process.stdout.readline(), "ready\n")
                process.send_signal(number)
                process.communicate(timeout=10)
                self.assertEqual(process.returncode, 128 + number)
        self.cluster.wait_idle()

    def test_a_command_that_runs_too_long_is_ended(self):
        with self.assertRaises(subprocess.TimeoutExpired):
            self.cluster.run("rpi1", ["sleep", "60"], timeout=0.5)
        self.cluster.wait_idle()

    def test_processes_names_what_is_left_running(self):
        self.assertEqual(self.cluster.processes("rpi3"), [])
        self.cluster.run("rpi3", ["sh", "-c", "setsid sleep 61 >/dev/null 2>&1 &"])
        wait_until(lambda: [words for _, words in self.cluster.processes("rpi3")] == ["sleep 61"])
        with self.assertRaisesRegex(AssertionError, "rpi3.*sleep 61"):
            self.cluster.wait_idle(timeout=0.1)
        os.kill(self.cluster.processes("rpi3")[0][0], signal.SIGKILL)
        self.cluster.wait_idle()


class OwnFiles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shown = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="prun test ")))
        cls.cluster = Cluster(hosts=2, binds=[cls.shown])
        cls.enterClassContext(cls.cluster)

    def test_private_folders(self):
        for folder in ("/tmp", "/run", "/dev/shm", "/root", "/etc"):
            with self.subTest(folder=folder):
                path = f"{folder}/prun-vcluster-test"
                self.cluster.run("rpi1", ["touch", path], check=True)
                self.assertNotEqual(self.cluster.run("rpi2", ["ls", path]).returncode, 0)
                self.assertFalse(os.path.exists(path), "the machine's own folder was written")

    def test_bound_folders_and_the_checkout_are_where_they_are_here(self):
        (self.shown / "file").write_text("seen")
        for host in self.cluster.hosts:
            self.assertEqual(self.cluster.run(host, ["cat", self.shown / "file"]).stdout, "seen")
            self.cluster.run(host, ["ls", vcluster.SOURCE / "CMakeLists.txt"], check=True)

    def test_files_of_a_host_can_be_opened_from_outside(self):
        (self.cluster.root("rpi2") / "tmp/from-outside").write_text("hello")
        self.assertEqual(self.cluster.run("rpi2", ["cat", "/tmp/from-outside"]).stdout, "hello")

    def test_processes_of_other_hosts_are_not_seen(self):
        listing = self.cluster.run("rpi1", ["ps", "-e", "-o", "pid=,args="], check=True).stdout
        self.assertEqual(listing.splitlines()[0].split()[0], "1")
        self.assertNotIn("rpi2", listing)

    def test_only_own_interfaces(self):
        names = self.cluster.run("rpi1", ["ls", "/sys/class/net"], check=True).stdout.split()
        self.assertEqual(set(names) & {"lo", "eth0", "br0"}, {"lo", "eth0"})
        links = self.cluster.run("rpi1", ["ip", "-br", "link"], check=True).stdout
        self.assertEqual([line.split()[0].split("@")[0] for line in links.splitlines()], ["lo", "eth0"])


class Failures(unittest.TestCase):
    def setUp(self):
        self.cluster = self.enterContext(Cluster(hosts=3))

    def ssh(self, target):
        return self.cluster.run("rpi1", ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=2", target, "hostname"])

    def test_cut_and_mend(self):
        self.cluster.cut("rpi2")
        self.assertEqual(self.ssh("rpi2").returncode, 255)
        self.assertEqual(self.cluster.run("rpi2", ["uname", "-n"]).stdout, "rpi2\n", "the host itself is up")
        self.assertIn("cut", self.cluster.tool("status"))
        self.assertEqual(self.ssh("rpi3").stdout, "rpi3\n")
        self.cluster.mend("rpi2")
        # A question for rpi2's hardware address that was asked into the dark may fail once more, as on any wire.
        wait_until(lambda: self.ssh("rpi2").stdout == "rpi2\n")

    def test_a_connection_survives_a_short_cut(self):
        process = self.cluster.popen("rpi1", ["ssh", "rpi2", "echo ready; read line; echo got $line"],
                                     stdin=subprocess.PIPE)
        self.assertEqual(process.stdout.readline(), "ready\n")
        self.cluster.cut("rpi2")
        process.stdin.write("it\n")
        process.stdin.flush()
        self.cluster.mend("rpi2")
        self.assertEqual(process.communicate(timeout=30)[0], "got it\n")

    def test_off_tells_nobody_and_on_boots_again(self):
        self.cluster.run("rpi2", ["sh", "-c", "echo kept >/root/kept; echo lost >/tmp/lost"], check=True)
        process = self.cluster.popen("rpi1", ["ssh", "rpi2", "echo ready; sleep 60"])
        self.assertEqual(process.stdout.readline(), "ready\n")
        self.cluster.off("rpi2")
        self.assertEqual(self.cluster.processes("rpi2"), [])
        self.assertIsNone(self.cluster.init("rpi2"))
        self.assertEqual(self.ssh("rpi2").returncode, 255)
        self.assertIsNone(process.poll(), "the login's end was told although the plug was pulled")
        states = self.cluster.run("rpi1", ["cat", "/proc/net/tcp"]).stdout
        self.assertRegex(states, "02004D0A:0016 01 ", "the connection is not established any more")
        with self.assertRaisesRegex(RuntimeError, "rpi2 is off"):
            self.cluster.tool("sh", "rpi2", "true")
        self.cluster.on("rpi2")
        self.assertEqual(self.ssh("rpi2").stdout, "rpi2\n")
        self.assertEqual(self.cluster.run("rpi2", ["cat", "/root/kept"]).stdout, "kept\n")
        self.assertNotEqual(self.cluster.run("rpi2", ["ls", "/tmp/lost"]).returncode, 0)
        process.terminate()
        process.communicate(timeout=10)

    def test_mistakes_are_explained(self):
        for words, said in ((["sh", "rpi7"], "no host rpi7, only rpi1 to rpi3"), (["cut"], "needs a host"),
                            (["rate", "100"], "none of 10mbit"), (["up", "2"], "is up already"),
                            (["up", "none"], "number of hosts"), (["fly"], "no command fly")):
            with self.subTest(words=words), self.assertRaisesRegex(RuntimeError, said):
                self.cluster.tool(*words)


class Lifetime(unittest.TestCase):
    def members(self, cluster):
        """Every process of this machine that was started for the cluster or runs on one of its hosts."""
        found = [number for host in cluster.hosts for number, _ in cluster.processes(host)]
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if str(vcluster.STATE / cluster.name) in words:
                found.append(int(entry.name))
        return found

    def assert_gone(self, cluster):
        self.assertFalse((vcluster.STATE / cluster.name).exists())
        self.assertEqual(self.members(cluster), [])
        self.assertNotIn(cluster.name, pathlib.Path("/proc/mounts").read_text())

    def test_nothing_is_left(self):
        with Cluster(hosts=3) as cluster:
            cluster.run("rpi1", ["sh", "-c", "setsid sleep 60 >/dev/null 2>&1 &"], check=True)
            numbers = self.members(cluster)
            self.assertGreaterEqual(len(numbers), 8)
        self.assert_gone(cluster)
        self.assertEqual([number for number in numbers if running(number)], [])

    def test_two_clusters_do_not_meet(self):
        with Cluster(hosts=2) as one, Cluster(hosts=3) as two:
            self.assertEqual(one.run("rpi1", ["ssh", "rpi2", "hostname"]).stdout, "rpi2\n")
            self.assertEqual(two.run("rpi1", ["ssh", "rpi2", "hostname"]).stdout, "rpi2\n")
            one.off("rpi2")
            self.assertEqual(two.run("rpi1", ["ssh", "rpi2", "hostname"]).stdout, "rpi2\n")
            self.assertNotEqual(one.run("rpi1", ["ssh", "-o", "ConnectTimeout=1", "10.77.0.3", "true"]).returncode, 0)
        self.assert_gone(one)
        self.assert_gone(two)

    def test_interrupted_and_killed_up(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            with self.subTest(signal=number):
                cluster = Cluster(hosts=8)
                process = subprocess.Popen([vcluster.TOOL, "--name", cluster.name, "up", "8"], text=True,
                                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                wait_until((vcluster.STATE / cluster.name / "rpi5" / "pid").exists)
                process.send_signal(number)
                process.communicate(timeout=20)
                if number == signal.SIGKILL:
                    self.assertEqual(process.returncode, -number)
                    with self.assertRaisesRegex(RuntimeError, "broken"):
                        cluster.tool("sh", "rpi1", "true")
                    cluster.down()
                else:
                    self.assertEqual(process.returncode, 128 + number)
                self.assert_gone(cluster)

    def test_down_after_the_state_was_lost(self):
        cluster = Cluster(hosts=2)
        cluster.up()
        subprocess.run(["rm", "-r", vcluster.STATE / cluster.name], check=True)
        self.assertNotEqual(self.members(cluster), [])
        cluster.down()
        self.assert_gone(cluster)

    def test_goes_down_with_its_owner(self):
        owner = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
        cluster = Cluster(hosts=2)
        try:
            cluster.tool("up", "2", "--owner", str(owner.pid))
            self.assertNotEqual(self.members(cluster), [])
        finally:
            owner.kill()
            owner.communicate()
        wait_until(lambda: not self.members(cluster), timeout=20)
        wait_until(lambda: not (vcluster.STATE / cluster.name).exists())
        self.assert_gone(cluster)


class Rate(unittest.TestCase):
    """Ratios only: how fast the machine is must not matter."""

    def setUp(self):
        self.cluster = self.enterContext(Cluster(hosts=3, rate="10mbit"))
        for host in ("rpi2", "rpi3"):
            self.receive(host)

    def receive(self, host):
        receiver = self.cluster.popen(host, ["/usr/bin/python3", "-c", RECEIVE])
        self.addCleanup(receiver.communicate, timeout=10)
        self.addCleanup(receiver.terminate)
        self.assertEqual(receiver.stdout.readline(), "listening\n")

    def start(self, source, target, size):
        return self.cluster.popen(source, ["/usr/bin/python3", "-c", SEND, target, size])

    def seconds(self, process):
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        return float(out)

    def test_the_rate_holds_can_be_changed_and_is_there_in_both_directions(self):
        size = 2_000_000
        slow = self.seconds(self.start("rpi1", "rpi2", size))
        self.cluster.rate("100mbit")
        # The shorter it takes, the more another program's turn on the processor adds to it.
        fast = min(self.seconds(self.start("rpi1", "rpi2", size)) for _ in range(3))
        self.assertGreater(slow / fast, 6)
        self.assertLess(slow / fast, 14)
        # A slow wire cannot be faster than its rate, whatever the machine does.
        self.assertGreater(slow, size * 8 / 10e6 * 0.95)

        # Full duplex: both directions at once take no longer than one.
        self.receive("rpi1")
        self.cluster.rate("10mbit")
        both = [self.start("rpi1", "rpi2", size), self.start("rpi2", "rpi1", size)]
        self.assertLess(max(map(self.seconds, both)) / slow, 1.5)

    def test_two_senders_share_the_port_of_one_receiver(self):
        size = 1_000_000
        alone = self.seconds(self.start("rpi1", "rpi2", size))
        both = [self.start("rpi1", "rpi2", size), self.start("rpi3", "rpi2", size)]
        self.assertGreater(max(map(self.seconds, both)) / alone, 1.6)

    def test_one_host_can_be_slower_than_the_others(self):
        size = 1_000_000
        self.cluster.rate("100mbit")
        self.cluster.rate("10mbit", "rpi3")
        fast = self.seconds(self.start("rpi1", "rpi2", size))
        self.assertGreater(self.seconds(self.start("rpi1", "rpi3", size)) / fast, 5)
        self.cluster.off("rpi3")
        self.cluster.on("rpi3")
        self.receive("rpi3")
        self.assertGreater(self.seconds(self.start("rpi1", "rpi3", size)) / fast, 5, "forgotten while it was off")


if __name__ == "__main__":
    vcluster.main()
