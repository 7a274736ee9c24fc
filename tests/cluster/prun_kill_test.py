"""Kills parts of running jobs at random moments and looks at every host for what is left five seconds later.

PRUN_KILLS says how many (20 without it), PRUN_KILL_SEED makes them the same again; the seed is printed. Hundreds:

    PRUN_KILLS=400 ctest --preset release -R cluster.prun_kill -V
"""

import collections
import os
import pathlib
import random
import re
import resource
import signal
import subprocess
import tempfile
import time
import unittest

import vcluster
from vcluster import Cluster, wait_until

KILLS = int(os.environ.get("PRUN_KILLS", "20"))
SEED = int(os.environ.get("PRUN_KILL_SEED", random.randrange(1 << 32)))
PROGRAMS = pathlib.Path(os.environ["PRUN_BIN"]).resolve().parent / "tests"
HOSTS = "rpi1,rpi2,rpi3"
LEFT_FOR = 5  # seconds after the end of a job
SECONDS_TO_END = 15  # for prun itself, whatever was killed: far more than it takes, for a loaded machine

# From the cache folder, on its way there, from a temporary folder, of this host.
AGENT = re.compile(r"^\S*(/prun/agent-|/prun/\.new-|/prun-agent )|^\S+ agent --local$")

# Each rank lives until it is ended; all but the last, for which a moment is enough. Some leave children behind that nobody
# waits for, one of them in a session of its own.
PARENTS = ("sh", "-c", "echo up; setsid sleep 4343 & sleep 4242 & exec sleep 4141")
STUBBORN = ("sh", "-c", "trap '' TERM INT HUP QUIT; echo up; exec sleep 4141")
SHORT = ("sh", "-c", "echo up; sleep 0.3")


class LeavesNothing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(hosts=3, binds=[PROGRAMS])
        cls.enterClassContext(cls.cluster)
        cls.names_before = {host: cls.names(host) for host in cls.cluster.hosts}

    @classmethod
    def sh(cls, host, script):
        return cls.cluster.run(host, ["sh", "-c", script], check=True).stdout

    # What runs, by what it is.

    @staticmethod
    def facts(number):
        """State and parent of a process."""
        try:
            state, parent = pathlib.Path(f"/proc/{number}/stat").read_text().rpartition(") ")[2].split()[:2]
        except OSError:
            return "gone", 0
        return state, int(parent)

    @classmethod
    def parent(cls, number):
        return cls.facts(number)[1]

    def parts(self):
        """(kind, host) -> process numbers of what is there of a job."""
        found = collections.defaultdict(list)
        for host in self.cluster.hosts:
            running = self.cluster.processes(host)  # of a host that is off: none
            agents = [number for number, words in running if AGENT.search(words)]
            for number, words in running:
                if number in agents:  # keeper, keeper, agent
                    parent = self.parent(number)
                    kind = "agent" if parent in agents and self.parent(parent) in agents else "keeper"
                elif words.startswith("prun ") and host == "rpi1":
                    kind = "launcher"
                elif words.startswith("ssh ") and host == "rpi1":
                    kind = "ssh"
                elif words.startswith("sshd: root") and host != "rpi1":
                    kind = "sshd"
                elif self.parent(number) in agents:
                    kind = "rank"
                else:
                    continue
                found[kind, host].append(number)
        return found

    def picture(self):
        """Every process of the cluster, for whoever has to find out why it is still there."""
        kinds = {number: kind for (kind, _), numbers in self.parts().items() for number in numbers}
        lines = []
        for host in self.cluster.hosts:
            for number, words in self.cluster.processes(host):
                state, parent = self.facts(number)
                try:
                    stands_in = pathlib.Path(f"/proc/{number}/wchan").read_text()
                except OSError:
                    stands_in = ""
                kind = kinds.get(number, "other")
                lines.append(f"  {host} {number} below {parent}, {kind}, {state} {stands_in}: {words[:120]}")
        return "\n".join(lines) or "  no process"

    # What must not be there afterwards.

    @classmethod
    def names(cls, host):
        return set(cls.sh(host, "ls -A /tmp /dev/shm /run/prun 2>/dev/null | grep -i prun; cd /root/.cache/prun 2>/dev/null && "
                                "find . -name '.new-*' -o -path './runs/*' -o -name '*.ssh*' -o -name '*.conf*'; true").split())

    def leftovers(self):
        found = {}
        for host in filter(self.cluster.init, self.cluster.hosts):
            if running := self.cluster.processes(host):
                found[host, "processes"] = [(number, words[:120]) for number, words in running]
            if names := self.names(host) - self.names_before[host]:
                found[host, "files"] = names
            sockets = [line for line in pathlib.Path(f"/proc/{self.cluster.init(host)}/net/unix").read_text().splitlines()
                       if "prun" in line]
            if sockets:
                found[host, "sockets"] = sockets
        return found

    @staticmethod
    def text_of(told):
        told.seek(0)
        return told.read()

    def assert_nothing_left(self, what, told):
        seen = {}

        def clean():
            seen.clear()
            if any(self.cluster.processes(host) for host in self.cluster.hosts):
                return False
            seen.update(self.leftovers())
            return not seen

        begun = time.monotonic()
        try:
            wait_until(clean, LEFT_FOR)
        except AssertionError:
            self.fail(f"{what}: left {LEFT_FOR} s after the end: {self.leftovers()}\n{self.picture()}\n{self.text_of(told)}")
        return time.monotonic() - begun


class Kills(LeavesNothing):
    def setUp(self):
        self.counts = collections.Counter()
        self.seconds = {"to end": [], "to be clean": []}

    def job(self, chance):
        """What kind of job, and the words that start it."""
        kind = chance.choice(["parents", "stubborn", "short", "stream", "staged", "afresh"])
        # A host that goes dark while its login is under way is waited for as long as one that boots.
        options = ["--start-timeout", "8", "-H", HOSTS, "-n", "6"]
        if kind == "stream":
            return kind, [*options, str(PROGRAMS / "scenario"), "stream", "0"]
        if kind in ("staged", "afresh"):
            if kind == "afresh":  # the agents have to be sent as well
                for host in self.cluster.hosts:
                    self.sh(host, "rm -rf /root/.cache/prun")
            work = self.cluster.root("rpi1") / "root/work"
            work.write_bytes(b"#!/bin/sh\necho up\nexec sleep 4141\n" + chance.randbytes(1 << 21))
            work.chmod(0o755)
            return kind, [*options, *(["--sort"] if chance.random() < 0.3 else []), "./work"]
        return kind, [*options, *{"parents": PARENTS, "stubborn": STUBBORN, "short": SHORT}[kind]]

    def choose(self, chance, process):
        """Process numbers to kill, and what they are; nothing of a job that is over."""
        parts = {}
        while not parts and process.poll() is None:
            parts = self.parts()
        wanted = chance.choice([1, 1, 1, 2, 3])
        chosen = {}
        for part in chance.sample(sorted(parts), len(parts)):
            if len(chosen) == wanted:
                break
            chosen[part] = chance.choice(parts[part])
        return chosen

    def play(self, number, chance):
        kind, words = self.job(chance)
        keeps = chance.random() < 0.3
        with tempfile.TemporaryFile("w+") as told:
            process = self.cluster.popen("rpi1", ["prun", "-v", *words], stdout=subprocess.DEVNULL, stderr=told,
                                         env={"PRUN_PERSIST": "yes" if keeps else "no"})
            log = ["connections are kept"] if keeps else []
            try:
                self.meet_its_fate(kind, process, chance, log)
                what = f"seed {SEED}, number {number}: {kind}: {', '.join(log)}"
                self.seconds["to end"].append(self.wait_for_end(process, told, what))
                if keeps:
                    self.close_connections(what, told)
                self.seconds["to be clean"].append(self.assert_nothing_left(what, told))
            finally:
                if process.poll() is None:
                    process.terminate()
                process.wait(10)  # what prun leaves behind is killed with the cluster

    def close_connections(self, what, told):
        """They alone may be there, and go when they are told."""
        try:
            wait_until(lambda: not {kind for kind, _ in self.parts()} - {"ssh", "sshd"}, LEFT_FOR)
        except AssertionError:
            self.fail(f"{what}: left {LEFT_FOR} s after the end:\n{self.picture()}\n{self.text_of(told)}")
        self.cluster.run("rpi1", ["prun", "hosts", "--close"], check=True)

    def is_whole(self):
        """Whether the job lacks nothing: every host has its two ranks."""
        parts = self.parts()
        return ("launcher", "rpi1") in parts and all(
            [len(parts[kind, host]) for kind in ("keeper", "agent", "rank")] == [2, 1, 2] for host in self.cluster.hosts)

    def wait_for_end(self, process, told, what):
        """The seconds it took. A job that has lost nothing goes on, and is ended here: a login that was cut off is tried again,
        and an sshd or a look at the program may just have done its work."""
        def ended():
            return process.poll() is not None

        begun = time.monotonic()
        try:
            wait_until(ended, LEFT_FOR)
        except AssertionError:
            # Whoever has lost a part does not look whole for so long.
            try:
                wait_until(lambda: ended() or self.is_whole(), SECONDS_TO_END - LEFT_FOR)
            except AssertionError:
                self.fail(f"{what}: prun has not ended\n{self.picture()}\n{self.text_of(told)}")
        seconds = time.monotonic() - begun
        if not ended():
            self.counts["unhurt"] += 1
            process.send_signal(signal.SIGINT)
            try:
                process.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                self.fail(f"{what}: prun has not ended after Ctrl-C\n{self.picture()}\n{self.text_of(told)}")
        return seconds

    def meet_its_fate(self, kind, process, chance, log):
        pause = chance.uniform(0, 1.5)
        time.sleep(pause)
        log.append(f"after {pause:.3f} s")
        # A signal that came before prun itself has begun would be nobody's.
        wait_until(lambda: process.poll() is not None or ("launcher", "rpi1") in self.parts())
        if chance.random() < 0.25:  # while it ends
            for _ in range(chance.choice([1, 1, 2, 5])):
                process.send_signal(signal.SIGINT)
                pause = chance.uniform(0, 0.3)
                time.sleep(pause)
                log.append(f"interrupted, {pause:.3f} s")
                self.counts["Ctrl-C"] += 1
            if chance.random() < 0.4:
                return
        if chance.random() < 0.06:
            log.append("rpi3 dark")
            self.counts["dark host"] += 1
            self.cluster.off("rpi3")
            return
        chosen = self.choose(chance, process)
        for (part, host), victim in chosen.items():
            log.append(f"killed {part} of {host}")
            self.counts[part] += 1
        for victim in chosen.values():
            try:
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it has ended meanwhile

    def test_at_random_moments(self):
        print(f"seed {SEED}, {KILLS} jobs", flush=True)
        chance = random.Random(SEED)
        for number in range(KILLS):
            self.play(number, chance)
            if self.cluster.init("rpi3") is None:
                self.cluster.on("rpi3")
                # Its disk has kept what nobody could take away.
                self.sh("rpi3", "rm -rf /root/.cache/prun")
        print(dict(self.counts))
        for what, seconds in self.seconds.items():
            print(f"seconds {what}: {sum(seconds) / len(seconds):.2f}, {max(seconds):.2f} at most")


class Starved(LeavesNothing):
    """No room on a disk, or no memory."""

    def prun(self, *words, options=("-H", "rpi1,rpi2,rpi3", "-n", "6")):
        with tempfile.TemporaryFile("w+") as told:
            process = self.cluster.popen("rpi1", ["prun", *options, *words], stdout=subprocess.DEVNULL, stderr=told)
            try:
                status = process.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                picture = self.picture()
                process.terminate()
                process.wait(10)
                self.fail(f"{words}: prun has not ended\n{picture}\n{self.text_of(told)}")
            self.assert_nothing_left(str(words), told)
            return status, self.text_of(told)

    def test_an_agent_that_begins_with_too_little_memory(self):
        login = self.cluster.root("rpi2") / "root/.bashrc"
        self.addCleanup(login.unlink)
        failed = 0
        for kilobytes in (1000, 2500, 5000, 7500, 10000, 15000, 1000000):
            with self.subTest(kilobytes=kilobytes):
                login.write_text(f"ulimit -v {kilobytes}\n")
                status, told = self.prun("-x", "PRUN_SHM=off", "true")
                failed += status != 0
                if status != 0:
                    self.assertIn("rpi2", told)
        self.assertEqual(status, 0)
        self.assertGreater(failed, 0)

    def test_an_agent_whose_memory_ends(self):
        # Each byte is a message, and while sshd takes none they are kept: many megabytes, if memory were there. The pauses
        # leave the agent time to take each by itself.
        drops = "import os, time\nwhile os.write(1, b'x'): time.sleep(1e-4)"
        with tempfile.TemporaryFile("w+") as told:
            process = self.cluster.popen("rpi1", ["prun", "-H", "rpi1,rpi2",
                                                  "sh", "-c", 'sleep 4343 & exec python3 -c "$0"', drops],
                                         stdout=subprocess.DEVNULL, stderr=told)
            try:
                wait_until(lambda: [words for _, words in self.cluster.processes("rpi2") if words.startswith("python3")], 30)
                parts = self.parts()
                [agent] = parts["agent", "rpi2"]
                for sshd in parts["sshd", "rpi2"]:
                    os.kill(sshd, signal.SIGSTOP)
                resource.prlimit(agent, resource.RLIMIT_AS, (1, 1))
                wait_until(lambda: self.facts(agent)[0] in ("Z", "gone"), 30)
                for sshd in parts["sshd", "rpi2"]:
                    os.kill(sshd, signal.SIGCONT)
                self.assertEqual(process.wait(SECONDS_TO_END), 125)
                self.assert_nothing_left("an agent whose memory ends", told)
                self.assertRegex(self.text_of(told),
                                 r"prun: lost the connection to rpi2 \(rank 1\): its agent has run out of memory\n$")
            finally:
                process.terminate()
                process.wait(10)

    def test_disks_that_are_full(self):
        for host, folder in (("rpi1", "/root/small"), ("rpi2", "/tmp"), ("rpi2", "/var/tmp"), ("rpi2", "/dev/shm"),
                             ("rpi2", "/root/.cache")):
            self.sh(host, f"mkdir -p {folder} && mount -t tmpfs -o size=64k none {folder}")
            self.addCleanup(self.sh, host, f"umount -l {folder}")
            self.sh(host, f"head -c 100k /dev/zero >{folder}/full 2>/dev/null || true")
        with self.subTest("of the launcher"):
            status, told = self.prun("sh", "-c", "sleep 4343 & exec yes",
                                     options=("-H", "rpi1,rpi3", "--output-dir", "/root/small/out"))
            self.assertEqual(status, 125, told)
            self.assertIn("No space left on device", told)
        with self.subTest("of a host"):
            work = self.cluster.root("rpi1") / "root/work"
            work.write_bytes(b"#!/bin/sh\nexec sleep 4141\n" + bytes(1 << 20))
            work.chmod(0o755)
            status, told = self.prun("./work")
            self.assertEqual(status, 125, told)
            self.assertRegex(told, r"prun: rpi2: .*(full|No space left)")


if __name__ == "__main__":
    vcluster.main()
