"""Virtual clusters for tests: hosts rpi1, rpi2 ... with real sshd on this machine, made by scripts/vcluster.

    with vcluster.Cluster(hosts=3) as cluster:
        result = cluster.run("rpi1", ["ssh", "rpi2", "hostname"])

A test program ends with vcluster.main(), which skips it, saying why, on a machine that cannot have a cluster.
"""

import itertools
import os
import pathlib
import subprocess
import sys
import time
import unittest

SOURCE = pathlib.Path(os.environ.get("PRUN_SOURCE") or pathlib.Path(__file__).resolve().parents[2])
BIN = pathlib.Path(os.environ.get("PRUN_BIN") or SOURCE / "build/release/bin")
TOOL = SOURCE / "scripts" / "vcluster"
STATE = pathlib.Path("/run/prun-vcluster")
SKIPPED = 77  # the exit status ctest knows as SKIP_RETURN_CODE

_numbers = itertools.count(1)


def wait_until(condition, timeout=10.0, what=""):
    """Polls condition() until it is true and returns its value; fails the test after timeout seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {timeout} s: {what or condition}; last seen: {value!r}")
        time.sleep(0.02)


class Cluster:
    """A cluster with a name of its own, up between __enter__ and __exit__ (or up() and down()).

    It goes down also when this process dies without cleaning up. Names in `hosts` are all its hosts.
    Those named in `bare` have neither the programs in `bin` nor this source tree. `machines` names the processors of
    hosts that have another one than this machine: {"rpi2": "armhf"}.
    """

    def __init__(self, hosts=4, rate="100mbit", bin=BIN, binds=(), buffer=None, bare=(), machines=None):
        self.name = f"test-{os.getpid()}-{next(_numbers)}"
        self.hosts = [f"rpi{number}" for number in range(1, hosts + 1)]
        self._options = ["--rate", rate, "--bin", str(bin), "--owner", str(os.getpid())]
        for folder in binds:
            self._options += ["--bind", str(folder)]
        if bare:
            self._options += ["--bare", ",".join(bare)]
        for host, machine in (machines or {}).items():
            self._options += ["--machine", f"{host}={machine}"]
        if buffer is not None:
            self._options += ["--buffer", str(buffer)]

    def __enter__(self):
        self.up()
        return self

    def __exit__(self, *exc_info):
        self.down()

    def up(self):
        self.tool("up", str(len(self.hosts)), *self._options)

    def down(self):
        self.tool("down")

    def off(self, host):
        """Pulls the power plug: every process is gone, and no other host hears of it."""
        self.tool("off", host)

    def on(self, host):
        """Boots the host again; its /etc and home are as they were, /tmp is empty."""
        self.tool("on", host)

    def cut(self, host):
        """Pulls the network cable."""
        self.tool("cut", host)

    def mend(self, host):
        self.tool("mend", host)

    def rate(self, rate, *hosts):
        self.tool("rate", rate, *hosts)

    def add_network(self, interface, prefix):
        """Joins all hosts by a second switch, without limits: host N has the address prefix.N/24 on that interface."""
        def inside(place, *words):
            subprocess.run(["nsenter", f"--net=/proc/{self.init(place)}/ns/net", "ip", *words], check=True, stdin=subprocess.DEVNULL)

        bridge = f"br-{interface}"
        inside("switch", "link", "add", bridge, "type", "bridge", "stp_state", "0", "forward_delay", "0")
        inside("switch", "link", "set", bridge, "up")
        for number, host in enumerate(self.hosts, 1):
            port = f"{host}-{interface}"
            inside("switch", "link", "add", port, "type", "veth", "peer", "name", interface, "netns", str(self.init(host)))
            inside("switch", "link", "set", port, "master", bridge, "up")
            inside(host, "link", "set", interface, "up")
            inside(host, "address", "add", f"{prefix}.{number}/24", "dev", interface)

    def tool(self, command, *words):
        """Runs scripts/vcluster and returns what it wrote; raises with its words when it fails."""
        result = subprocess.run([TOOL, "--name", self.name, command, *words], text=True, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=90, check=False)
        if result.returncode != 0:
            raise RuntimeError(f"vcluster {command} {' '.join(words)}: status {result.returncode}: {result.stdout}")
        return result.stdout

    def popen(self, host, argv, env=None, dir=None, **options):
        """Starts a command on a host, in root's home there or in dir; options are those of subprocess.Popen.

        prun keeps no connections unless env says PRUN_PERSIST=yes: nothing is to be left when a test ends.
        Its stdout and stderr are pipes unless options say otherwise. INT, TERM, HUP and QUIT sent to it reach the
        command; for KILL look the command up with processes() and use os.kill.
        """
        words = [TOOL, "--name", self.name, "sh"]
        if dir is not None:
            words += ["--dir", str(dir)]
        # Virtual hosts have this machine's cores, and tests more ranks than those: nothing to talk about.
        env = {"PRUN_OPTIONS": "--oversubscribe", "PRUN_PERSIST": "no", **(env or {})}
        words += [host, "env", *(f"{name}={value}" for name, value in env.items()), *map(str, argv)]
        options = {"text": True, "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
                   **options}
        return subprocess.Popen(words, **options)

    def run(self, host, argv, timeout=60, input=None, env=None, dir=None, check=False):
        """Runs a command on a host to its end and returns a CompletedProcess with its text in stdout and stderr.

        At the timeout the command gets SIGTERM, subprocess.TimeoutExpired is raised, and what it wrote is in there.
        With check, any exit status but 0 raises AssertionError with what the command wrote.
        """
        process = self.popen(host, argv, env=env, dir=dir,
                             stdin=subprocess.DEVNULL if input is None else subprocess.PIPE)
        try:
            out, err = process.communicate(input, timeout=timeout)
        except subprocess.TimeoutExpired as expired:
            process.terminate()
            try:
                expired.output, expired.stderr = process.communicate(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
        except BaseException:
            process.terminate()
            raise
        if check and process.returncode != 0:
            raise AssertionError(f"{argv} on {host}: status {process.returncode}\n{out}{err}")
        return subprocess.CompletedProcess(argv, process.returncode, out, err)

    def init(self, host):
        """This machine's number of the host's first process, or None where the host is off."""
        try:
            pid, start, _ = (STATE / self.name / host / "pid").read_text().split()
            stat = pathlib.Path("/proc", pid, "stat").read_text().rpartition(") ")[2].split()
        except (OSError, ValueError):
            return None
        return int(pid) if stat[19] == start and stat[0] != "Z" else None

    def root(self, host):
        """The host's / as this process can open it: cluster.root("rpi2") / "tmp/x"."""
        return pathlib.Path(f"/proc/{self.init(host)}/root")

    def processes(self, host):
        """What runs on the host beyond its first process and its listening sshd: list of (number, command line).

        The numbers are this machine's, fit for os.kill. Logins still open are in the list.
        """
        init = self.init(host)
        if init is None:
            return []
        found = []
        try:
            space = os.readlink(f"/proc/{init}/ns/pid")
        except OSError:
            return []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(entry / "ns/pid") != space:
                    continue
                words = (entry / "cmdline").read_bytes().split(b"\0")
                parent = (entry / "stat").read_text().rpartition(") ")[2].split()[1]
            except OSError:
                continue  # it ended while we looked
            command = b" ".join(words).decode(errors="replace").strip()
            listener = int(parent) == init and command.startswith("sshd:") and "[listener]" in command
            starting = int(parent) == init and command == "/usr/sbin/sshd -D -e"
            if int(entry.name) != init and not listener and not starting:
                found.append((int(entry.name), command or (entry.name + " (ended)")))
        return found

    def wait_idle(self, timeout=5.0, hosts=None):
        """Fails the test unless every process of the hosts (default: all) has ended in time."""
        left = {}

        def idle():
            left.clear()
            left.update({host: found for host in hosts or self.hosts if (found := self.processes(host))})
            return not left

        try:
            wait_until(idle, timeout)
        except AssertionError:
            raise AssertionError(f"still running after {timeout} s: {left}") from None


def main(machines=None):
    """unittest.main(), or exit status 77 with the reason where this machine cannot have a virtual cluster.

    `machines` are those of Cluster.
    """
    words = [f"{host}={machine}" for host, machine in (machines or {}).items()]
    able = subprocess.run([TOOL, "check", *words], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if able.returncode != 0:
        print(f"skipped: {able.stdout.strip()}")
        sys.exit(SKIPPED)
    unittest.main()
