"""prun doctor over real sshd on virtual hosts."""

import json
import subprocess
import unittest

import vcluster
from vcluster import Cluster


class DoctorTest(unittest.TestCase):
    """One cluster for the class; every test must leave its hosts without processes."""

    hosts = 4

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(hosts=cls.hosts)
        cls.enterClassContext(cls.cluster)

    def tearDown(self):
        self.cluster.wait_idle()

    def examine(self, hosts, *words):
        """What prun doctor --json tells on rpi1."""
        done = self.cluster.run("rpi1", ["prun", "doctor", "--json", "-H", hosts, *words])
        self.assertEqual(done.stderr, "")
        told = json.loads(done.stdout)
        self.assertEqual(told["exit_status"], done.returncode)
        return told

    def ids(self, told, host=None):
        return [one["id"] for one in told["findings"] if host is None or host in one["hosts"]]

    def finding(self, told, name):
        [found] = [one for one in told["findings"] if one["id"] == name]
        return found

    def files(self, host):
        """All that a run could leave on a host."""
        return self.cluster.run(host, ["find", "/root", "/tmp", "/dev/shm", "/var/tmp", "-path", str(vcluster.SOURCE), "-prune",
                                       "-o", "-path", str(vcluster.BIN), "-prune", "-o", "-print"], check=True).stdout

    def with_file(self, host, path, change):
        """A file of a host with other text, until the test is over."""
        file = self.cluster.root(host) / path
        before = file.read_text() if file.exists() else None
        file.write_text(change(before or ""))
        if before is None:
            self.addCleanup(file.unlink)
        else:
            self.addCleanup(file.write_text, before)


class Hosts(DoctorTest):
    def test_hosts_that_are_well(self):
        before = self.files("rpi2")
        told = self.examine("rpi1,rpi2,rpi3", "--no-links", "hostname")
        self.assertEqual((told["findings"], told["exit_status"]), ([], 0))
        here, there, _ = told["hosts"]
        self.assertTrue(here["this_machine"])
        self.assertEqual((there["name"], there["own_name"], there["address"], there["port"]), ("rpi2", "rpi2", "10.77.0.2", 22))
        self.assertIn("id_ed25519 ED25519 SHA256:", there["key"])
        self.assertIn("ssh-ed25519 SHA256:", there["host_key"])
        self.assertEqual(there["interface"]["name"], "eth0")
        self.assertLess(abs(there["clock"]["ahead_seconds"]), there["clock"]["error_seconds"] + 0.001)
        self.assertEqual(self.files("rpi2"), before)

    def test_everything_that_is_wrong_at_once(self):
        self.with_file("rpi2", "root/.bashrc", lambda text: "echo 'Welcome!'\n" + text)
        self.with_file("rpi2", "etc/hosts", lambda text: text.replace("127.0.0.1 localhost", "127.0.0.1 localhost rpi2"))
        self.with_file("rpi3", "root/.ssh/authorized_keys", lambda text: "")
        told = self.examine("rpi1,rpi2,10.77.0.2,rpi3,ssh://rpi4:2222,rpi9", "--no-links")
        self.assertEqual(told["exit_status"], 2)
        self.assertEqual(self.ids(told, "rpi1"), [])
        self.assertEqual(sorted(self.ids(told, "rpi2")), ["login-noise", "own-name-loopback", "two-names"])
        self.assertEqual(self.finding(told, "two-names")["hosts"], ["rpi2", "10.77.0.2"])
        self.assertEqual(self.ids(told, "rpi3"), ["key-refused"])
        self.assertEqual(self.finding(told, "key-refused")["repair"], "ssh-copy-id rpi3")
        self.assertEqual(self.ids(told, "rpi4 port 2222"), ["port-closed"])
        self.assertEqual(self.ids(told, "rpi9"), ["unknown-name"])
        self.assertEqual([host["address"] for host in told["hosts"][3:5]], ["10.77.0.3", "10.77.0.4"])

    def test_the_repair_of_a_loopback_trap_repairs_it(self):
        self.with_file("rpi2", "etc/hosts",
                       lambda text: "127.0.0.1 localhost rpi2\n127.0.1.1\trpi2\n" + text.replace("10.77.0.2 rpi2\n", ""))
        found = self.finding(self.examine("rpi2", "--no-links"), "own-name-loopback")
        self.assertIn("127.0.0.1 and 127.0.1.1", found["sentence"])
        self.cluster.run("rpi1", ["sh", "-c", found["repair"]], check=True)
        self.assertEqual(self.examine("rpi2", "--no-links")["findings"], [])
        self.assertEqual(self.cluster.run("rpi2", ["getent", "ahostsv4", "rpi2"]).stdout.split()[0], "10.77.0.2")
        self.assertEqual(self.cluster.run("rpi2", ["getent", "ahostsv4", "localhost"]).stdout.split()[0], "127.0.0.1")

    def test_the_repair_of_a_cache_that_others_get_at_repairs_it(self):
        self.cluster.run("rpi1", ["prun", "--no-persist", "-H", "rpi2", "true"], check=True)
        for change, name in (("chmod 755 /root/.cache/prun", "cache-open"),
                             ("chown nobody /root/.cache/prun", "cache-not-own"),
                             ("rm -rf /root/.cache/prun; mount -t tmpfs -o noexec none /root/.cache", "cache-noexec")):
            self.cluster.run("rpi2", ["sh", "-c", change], check=True)
            found = self.finding(self.examine("rpi2", "--no-links"), name)
            self.cluster.run("rpi1", ["sh", "-c", found["repair"]], check=True)
            if name == "cache-noexec":  # that repair only shows what is mounted
                self.cluster.run("rpi2", ["umount", "/root/.cache"], check=True)
            self.assertEqual(self.examine("rpi2", "--no-links")["findings"], [])

    def test_one_name_for_two_addresses(self):
        self.with_file("rpi1", "etc/hosts", lambda text: text + "10.77.0.3 both\n10.77.0.4 both\n")
        told = self.examine("both", "--no-links", "--ssh-args", "-o HostKeyAlias=rpi3")
        self.assertIn("one-name", self.ids(told, "both"))
        self.assertIn("10.77.0.3 and 10.77.0.4", self.finding(told, "one-name")["sentence"])

    def test_a_host_that_is_off(self):
        self.cluster.off("rpi4")
        try:
            told = self.examine("rpi2,rpi4", "--no-links", "--start-timeout", "2")
        finally:
            self.cluster.on("rpi4")
        [name] = self.ids(told, "rpi4")
        self.assertIn(name, ("no-answer", "no-route"))
        self.assertEqual(self.ids(told, "rpi2"), [])

    def test_a_program(self):
        for host in ("rpi1", "rpi3"):
            file = self.cluster.root(host) / "root/work"
            file.write_text("#!/bin/sh\ntouch /root/ran\n")
            file.chmod(0o755)
        told = self.examine("rpi1,rpi2,rpi3", "--no-links", "--stage=off", "./work")
        found = self.finding(told, "program")
        self.assertEqual(found["hosts"], ["rpi2"])
        self.assertIn("cannot run ./work: it is not there", found["sentence"])
        self.assertEqual(self.examine("rpi1,rpi2,rpi3", "--no-links", "./work")["findings"], [])
        for host in ("rpi1", "rpi2", "rpi3"):
            self.assertFalse((self.cluster.root(host) / "root/ran").exists())


class Links(DoctorTest):
    """Measures, and so runs alone."""

    def test_a_slow_cable_is_found(self):
        before = self.files("rpi2")
        told = self.examine("rpi1,rpi2,rpi3,rpi4")
        self.assertEqual((told["findings"], told["exit_status"]), ([], 0))
        self.assertEqual(len(told["links"]), 6)
        for link in told["links"]:
            for direction in ("there_bytes_per_second", "back_bytes_per_second"):
                self.assertLess(link[direction], 13e6, link)  # 100 Mbit/s and what the bucket holds
                self.assertGreater(link[direction], 3e6, link)
        self.assertEqual(self.files("rpi2"), before)
        self.cluster.rate("10mbit", "rpi3")
        try:
            told = self.examine("rpi1,rpi2,rpi3,rpi4")
        finally:
            self.cluster.rate("100mbit", "rpi3")
        self.assertEqual(self.finding(told, "slow-link")["hosts"], ["rpi3"])

    def test_hosts_that_cannot_connect_to_each_other(self):
        """Logins work, and a firewall keeps the rest out: a route into nowhere has the same effect."""
        subprocess.run(["nsenter", "--net=/proc/%d/ns/net" % self.cluster.init("rpi3"), "ip", "route", "add", "unreachable",
                        "10.77.0.2"], check=True)
        self.addCleanup(subprocess.run, ["nsenter", "--net=/proc/%d/ns/net" % self.cluster.init("rpi3"), "ip", "route", "del",
                                         "unreachable", "10.77.0.2"], check=True)
        told = self.examine("rpi2,rpi3")
        self.assertEqual(self.ids(told), ["links"])
        self.assertEqual(told["exit_status"], 2)


if __name__ == "__main__":
    vcluster.main()
