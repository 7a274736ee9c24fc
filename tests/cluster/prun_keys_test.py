"""prun keys over real sshd that asks for passwords, on a terminal where somebody answers."""

import os
import pathlib
import signal
import unittest

import terminal
import vcluster
from vcluster import Cluster, wait_until

PASSWORD = "rpi-secret"
HASH = "$6$prunprun$XShiU0laggmmTqeP/pgPURa8/TdazORp7Z/kZZW6UDc67MvwGm12bWZ9NG8niHqL.uFPk6F2xTEJSTn9DeYbA."


class Keys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(hosts=3)
        cls.enterClassContext(cls.cluster)

    def tearDown(self):
        self.cluster.wait_idle()

    def file(self, host, path):
        return self.cluster.root(host) / path

    def listener(self, host):
        """The number of the host's sshd that listens."""
        init = self.cluster.init(host)
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                parent = (entry / "stat").read_text().rpartition(") ")[2].split()[1]
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if int(parent) == init and b"sshd" in command:
                return int(entry.name)
        return None

    def let_passwords_in(self, host):
        """Its sshd takes root's password as any key, and knows no key of ours."""
        config = self.file(host, "etc/ssh/sshd_config")
        text = config.read_text().replace("AuthenticationMethods publickey\n", "PasswordAuthentication yes\n")
        config.write_text(text.replace("PermitRootLogin prohibit-password", "PermitRootLogin yes"))
        shadow = self.file(host, "etc/shadow")
        shadow.write_text("".join(f"root:{HASH}:19000:0:99999:7:::\n" if line.startswith("root:") else line
                                  for line in shadow.read_text().splitlines(keepends=True)))
        self.file(host, "root/.ssh/authorized_keys").unlink()
        os.kill(self.listener(host), signal.SIGHUP)
        wait_until(lambda: "password" in self.cluster.run("rpi3", ["ssh", "-o", "BatchMode=yes", host, "true"]).stderr, 10,
                   "sshd asks for passwords")

    def on_a_terminal(self, answers, *words):
        """prun keys on rpi1, on a terminal of its own; answers are pairs of a question's end and what is typed."""
        command = [str(vcluster.TOOL), "--name", self.cluster.name, "sh", "rpi1", "env", "PRUN_PERSIST=no", "prun", "keys", *words]
        seen, left = 0, list(answers)

        def answer(said):
            nonlocal seen
            if not left or left[0][0] not in said[seen:]:
                return None
            question, typed = left.pop(0)
            seen = said.index(question, seen) + len(question)
            return typed

        status, said = terminal.talk(lambda: os.execv(command[0], command), answer)
        self.assertEqual(left, [], said)
        return status, said.replace("\r", "")

    def test_from_nothing_to_a_job(self):
        self.let_passwords_in("rpi2")
        own = self.file("rpi1", "root/.ssh")
        for name in ("id_ed25519", "id_ed25519.pub"):
            (own / name).unlink()
        known = own / "known_hosts"
        known.write_text("".join(line for line in known.read_text().splitlines(keepends=True) if not line.startswith("rpi2,")))
        status, said = self.on_a_terminal([("Enter passphrase", ""), ("Enter same passphrase", ""),
                                           ("(yes/no/[fingerprint])? ", "yes"), ("password: ", PASSWORD)], "-H", "rpi1,rpi2")
        self.assertEqual(status, 0, said)
        self.assertIn("ED25519 key fingerprint is SHA256:", said)
        self.assertIn("rpi1: this machine, needs no login\n", said)
        self.assertIn("rpi2: its host key was confirmed and our key copied there; it works now\n", said)
        job = self.cluster.run("rpi1", ["prun", "-H", "rpi1,rpi2", "hostname"])
        self.assertEqual((sorted(job.stdout.split()), job.stderr, job.returncode), (["rpi1", "rpi2"], "", 0))
        # Once more: nothing is asked and nothing done.
        before = self.file("rpi2", "root/.ssh/authorized_keys").read_text()
        again = self.cluster.run("rpi1", ["prun", "keys", "-H", "rpi1,rpi2"])
        self.assertEqual((again.returncode, again.stderr), (0, ""))
        self.assertIn("rpi2: works already, left as it is\n", again.stdout)
        self.assertEqual(self.file("rpi2", "root/.ssh/authorized_keys").read_text(), before)

    def test_a_host_key_that_has_changed_is_never_accepted(self):
        known = self.file("rpi1", "root/.ssh/known_hosts")
        before = known.read_text()
        wrong = "".join(line.replace(line.split()[2], self.file("rpi1", "etc/ssh/ssh_host_ed25519_key.pub").read_text().split()[1])
                        if line.startswith("rpi3,") else line for line in before.splitlines(keepends=True))
        known.write_text(wrong)
        try:
            done = self.cluster.run("rpi1", ["prun", "keys", "-H", "rpi3"])
            self.assertEqual((done.returncode, done.stderr), (1, ""))
            self.assertRegex(done.stdout, "^rpi3: its host key is not the one known here.*ssh-keygen -R rpi3")
            self.assertEqual(known.read_text(), wrong)
        finally:
            known.write_text(before)

    def test_a_host_that_takes_keys_only(self):
        keys = self.file("rpi3", "root/.ssh/authorized_keys")
        before = keys.read_text()
        keys.write_text("")
        try:
            done = self.cluster.run("rpi1", ["prun", "keys", "-H", "rpi3"])
        finally:
            keys.write_text(before)
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertRegex(done.stdout, "^rpi3: it refuses our ssh key and takes no password")


if __name__ == "__main__":
    vcluster.main()
