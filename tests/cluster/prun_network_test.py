"""Which network ranks use, on hosts that have several: --iface, --ports, --show-net, and what stands in the way."""

import re
import unittest

import vcluster
from vcluster import Cluster, wait_until

SCENARIO = str(vcluster.BIN.parent / "tests" / "scenario")


class NetworkTest(unittest.TestCase):
    """Three boards with a second network 10.0.0.0/24 on eth1, a docker0 that all three have alike, and an address
    that only the first two have."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(hosts=3)
        cls.enterClassContext(cls.cluster)
        cls.cluster.add_network("eth1", "10.0.0")
        for number, host in enumerate(cls.cluster.hosts, 1):
            third = f"ip address add 10.9.0.{number}/24 dev eth1" if number < 3 else "true"
            cls.on(host, f"ip address add fd07::{number}/64 dev eth1 nodad && {third} && "
                         "ip link add docker0 type bridge && ip link set docker0 up && ip address add 172.17.0.1/16 dev docker0 && "
                         "ip link add wlan0 type bridge && ip link set wlan0 up && ip address add 169.254.7.7/16 dev wlan0")

    @classmethod
    def on(cls, host, script):
        return cls.cluster.run(host, ["sh", "-c", script], check=True)

    def tearDown(self):
        self.cluster.wait_idle()

    def prun(self, *words, **options):
        return self.cluster.run("rpi1", ["prun", *words], **options)

    def talks(self, *words, hosts="rpi1,rpi2,rpi3"):
        """A job whose ranks all talk to each other; what it and prun have written."""
        result = self.prun(*words, "-H", hosts, SCENARIO, "leaves-early", "0")
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def refused(self, *words, lines, hosts="rpi1,rpi2,rpi3"):
        result = self.prun(*words, "-H", hosts, "touch", "started")
        self.assertEqual(result.returncode, 125, result.stderr)
        told = result.stderr.splitlines()
        self.assertEqual(len(told), len(lines), result.stderr)
        for line in lines:
            self.assertTrue(any(re.search(line, one) for one in told), f"{line!r} in {result.stderr}")
        for host in self.cluster.hosts:
            self.assertFalse((self.cluster.root(host) / "root/started").exists())

    nothing = "^prun: nothing was started on any host$"


class Iface(NetworkTest):
    def shown(self, *words, hosts="rpi1,rpi2,rpi3"):
        lines = self.talks("--show-net", *words, hosts=hosts).stderr.splitlines()
        return [re.sub("^prun: (rpi.): data address ", r"\1 ", line) for line in lines]

    def test_without_it_ranks_are_where_ssh_came(self):
        self.assertEqual(self.shown(), ["rpi1 10.77.0.1 on eth0 (where other hosts see this machine)",
                                        "rpi2 10.77.0.2 on eth0 (where ssh reached it)",
                                        "rpi3 10.77.0.3 on eth0 (where ssh reached it)"])

    def test_by_name_and_by_network(self):
        on_eth1 = [f"rpi{number} 10.0.0.{number} on eth1 (--iface)" for number in (1, 2, 3)]
        for words in (["--iface", "eth1"], ["-iface", "eth1"], ["--iface", "10.0.0.0/24"], ["--iface", "eth9,eth1"],
                      ["--iface", "eth9", "--iface", "10.0.0.0/16"], ["--mca", "btl_tcp_if_include", "eth1"],
                      ["--mca", "oob_tcp_if_include", "eth0", "--mca", "btl_tcp_if_include", "10.0.0.0/24"],
                      ["--prtemca", "prte_if_include", "eth1"]):
            with self.subTest(words):
                self.assertEqual(self.shown(*words), on_eth1)
        self.assertEqual(self.shown("--iface", "fd07::/16"),
                         [f"rpi{number} fd07::{number} on eth1 (--iface)" for number in (1, 2, 3)])

    def test_ranks_listen_there_and_nowhere_else(self):
        program = f"""
import sys; sys.path.insert(0, {str(vcluster.SOURCE / 'tests/ranks')!r})
from launcher_rank import *
channel = Channel()
welcome = channel.join()
print(channel.rank, welcome["bind"], *(address for _, address in welcome["hosts"]))
channel.finalize()
"""
        result = self.prun("--iface", "eth1", "-H", "rpi1,rpi2", "python3", "-c", program)
        self.assertEqual(sorted(result.stdout.splitlines()),
                         ["0 10.0.0.1 10.0.0.1 10.0.0.2", "1 10.0.0.2 10.0.0.1 10.0.0.2"], result.stderr)

    def test_the_wire_is_that_one(self):
        def on_eth1(*words):
            """Bytes that left rpi2 there while rank 0 on it sent its 800,000, beside those of the kernel's own chatter."""
            def sent():
                return int(self.on("rpi2", "cat /sys/class/net/eth1/statistics/tx_bytes").stdout)

            before = sent()
            self.talks(*words, hosts="rpi2,rpi3")
            return sent() - before

        self.assertLess(on_eth1(), 10_000)
        self.assertGreater(on_eth1("--iface", "eth1"), 700_000)

    def test_a_host_without_it(self):
        self.refused("--iface", "eth7", lines=[
            *(rf"^prun: rpi{number}: --iface eth7: it has no such interface; it has lo \(127.0.0.1.*\), "
              rf".*eth0 \(10.77.0.{number}.*eth1 \(10.0.0.{number}.*docker0 \(172.17.0.1" for number in (1, 2, 3)), self.nothing])
        self.refused("--iface", "10.9.0.0/24", lines=[
            r"^prun: rpi3: --iface 10.9.0.0/24: it has no address in that network .*; it has .*eth1 \(10.0.0.3", self.nothing])

    def test_addresses_that_lead_nowhere_else(self):
        for name in ("lo", "wlan0"):
            self.refused("--iface", name, hosts="rpi2,rpi3", lines=[
                *(rf"^prun: {host}: --iface {name}: its {name} has no address that others could reach; it has "
                  for host in ("rpi2", "rpi3")), self.nothing])
        # Where all ranks are on one machine it leads far enough.
        self.assertEqual(self.shown("--iface", "lo", "-n", "2", hosts="rpi1"), ["rpi1 127.0.0.1 on lo (--iface)"])

    def test_an_address_that_two_hosts_have(self):
        self.refused("--iface", "docker0", hosts="rpi2,rpi3", lines=[
            r"^prun: rpi2: its address 172.17.0.1 on docker0 is that of rpi3 as well, so their ranks would connect to themselves; .*eth1",
            r"^prun: rpi3: its address 172.17.0.1 on docker0 is that of rpi2 as well", self.nothing])
        # One machine under two names is no such case.
        self.talks("--iface", "eth1", hosts="rpi2,10.77.0.2")

    def test_a_network_to_be_left_out(self):
        self.talks("--mca", "btl_tcp_if_exclude", "lo,docker0,172.17.0.0/16")
        self.refused("--mca", "btl_tcp_if_exclude", "lo,eth0", hosts="rpi2,rpi3", lines=[
            *(rf"^prun: {host}: it is reached at 10.77.0.. on eth0, and eth0 is to be left out; choose a network with --iface: it has .*eth1"
              for host in ("rpi2", "rpi3")), self.nothing])

    def test_hosts_that_have_it_go_on_alone(self):
        result = self.talks("--iface", "10.9.0.0/24", "--skip-dead", "--show-net")
        self.assertRegex(result.stderr, r"(?m)^prun: rpi3: left out: --iface 10.9.0.0/24: it has no address in that network")
        self.assertRegex(result.stderr, r"(?m)^prun: rpi2: data address 10.9.0.2 on eth1 ")

    def test_a_login_by_the_loopback_is_told(self):
        # As through a tunnel: rpi2 is reached, and believes to be 127.0.0.1.
        tunnel = self.cluster.popen("rpi1", ["ssh", "-o", "BatchMode=yes", "-N", "-L", "2202:127.0.0.1:22", "rpi2"])
        try:
            self.on("rpi1", "for i in $(seq 200); do ssh-keyscan -p 2202 127.0.0.1 2>/dev/null | grep -q . && break; done; "
                            "ssh-keyscan -p 2202 127.0.0.1 >> .ssh/known_hosts 2>/dev/null")
            result = self.prun("-H", "ssh://127.0.0.1:2202,rpi3", "hostname")
            self.assertEqual(sorted(result.stdout.split()), ["rpi2", "rpi3"], result.stderr)
            self.assertRegex(result.stderr, r"(?m)^prun: 127.0.0.1: the login came by 127.0.0.1 on lo, where ranks on other hosts will "
                                            r"not find its own; choose a network with --iface: it has .*eth1 \(10.0.0.2")
            done = self.prun("--iface", "eth1", "-H", "ssh://127.0.0.1:2202,rpi3", SCENARIO, "leaves-early", "0")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        finally:
            tunnel.terminate()
            tunnel.communicate(timeout=10)


class Ports(NetworkTest):
    """The scenario leaves-early meets in a barrier, segfault 99 as well, and then its ranks wait for nothing."""

    def listening(self, host, of="tcp"):
        lines = self.on(host, f"ss -Hln --{of}").stdout.splitlines()
        return {line.split()[3] for line in lines if not line.split()[3].endswith(":22")}

    def waiting(self, *words):
        """A job that has begun and does not end by itself."""
        process = self.cluster.popen("rpi1", ["prun", *words, "sh", "-c", f"echo up; exec {SCENARIO} segfault 99"])
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        process.terminate()
        process.communicate(timeout=10)

    def test_ranks_listen_in_the_range_at_their_address_alone(self):
        for words in (["--ports", "5000-5003"], ["--mca", "btl_tcp_port_min_v4", "5000", "--mca", "btl_tcp_port_range_v4", "4"],
                      ["-genv", "MPIR_CVAR_CH3_PORT_RANGE", "5000:5003"]):
            with self.subTest(words):
                process = self.waiting(*words, "--iface", "eth1", "-H", "rpi1:2,rpi2:4")
                wanted = {f"10.0.0.2:{port}" for port in range(5000, 5004)}
                wait_until(lambda: self.listening("rpi2") == wanted, 10, "rpi2 listens at " + str(wanted))
                wanted = {"10.0.0.1:5000", "10.0.0.1:5001"}
                wait_until(lambda: self.listening("rpi1") == wanted, 10, "rpi1 listens at " + str(wanted))
                # Where ssh came to; the first port is the clock's.
                self.assertEqual(self.listening("rpi2", "udp"), {"10.77.0.2:5001"})
                self.end(process)
                self.cluster.wait_idle()

    def test_ports_that_others_have(self):
        taken = self.cluster.popen("rpi2", ["python3", "-c", "import socket, time\nlisteners = [socket.create_server(('', port)) for port "
                                            "in (5000, 5001)]\nprint('up', flush=True)\ntime.sleep(60)\n"])
        self.addCleanup(self.end, taken)
        self.assertEqual(taken.stdout.readline(), "up\n")
        self.talks("--ports", "5000-5002")
        result = self.prun("--ports", "5000-5001", "-H", "rpi1,rpi2", SCENARIO, "leaves-early", "0")
        self.assertNotEqual(result.returncode, 0)
        self.assertRegex(result.stderr, r"rank 1 on rpi2 cannot take part: no port is free on 10.77.0.2 of 5000-5001 \(--ports\); take a wider")
        self.end(taken)

    def test_the_ports_of_the_job_before_are_free_again(self):
        for _ in range(3):
            self.talks("--ports", "5000-5000")

    def test_too_few_are_refused_before_anything_starts(self):
        result = self.prun("--ports", "5000-5002", "-H", "rpi1,rpi2:4,rpi9:2", "touch", "started")
        self.assertEqual((result.returncode, result.stderr),
                         (125, "prun: --ports 5000-5002: 3 ports, and rpi2 has 4 ranks, which listen on one each; for example: "
                               "--ports 5000-5003\n"))

    def test_a_firewall_that_drops(self):
        # No answer leaves the ports, as if nothing had reached them; ssh and what the host itself begins goes through.
        rule = "ipproto tcp sport 5000-5009 blackhole"
        for host in ("rpi1", "rpi2"):
            self.on(host, "ip rule add " + rule)
        try:
            result = self.prun("--ports", "5000-5009", "-H", "rpi1,rpi2", SCENARIO, "leaves-early", "0")
            self.assertNotEqual(result.returncode, 0)
            self.assertRegex(result.stderr, r"rank . on rpi. does not answer at 10.77.0.. port 500. within 10 s: the host is down, or a "
                                            r"firewall drops .*`sudo ufw allow 5000:5009/tcp`.*nft add rule .* 5000-5009 accept")
        finally:
            for host in ("rpi1", "rpi2"):
                self.on(host, "ip rule del " + rule)
        self.talks("--ports", "5000-5009")


if __name__ == "__main__":
    vcluster.main()
