"""Hosts that have sshd and a shell and nothing else: what prun brings along."""

import contextlib
import os
import pathlib
import shlex
import subprocess
import time
import unittest

import vcluster
from vcluster import Cluster


class Bare(unittest.TestCase):
    """rpi1 has prun; the others have nothing of it."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(hosts=3, bare=["rpi2", "rpi3"])
        cls.enterClassContext(cls.cluster)

    def setUp(self):
        for host in self.cluster.hosts:
            self.cluster.run(host, ["rm", "-rf", "/root/.cache", "/root/.bashrc"], check=True)

    def tearDown(self):
        self.cluster.wait_idle()

    def prun(self, *words, **options):
        return self.cluster.run("rpi1", ["prun", *words], **options)

    def runs(self, *words, out, err="", **options):
        result = self.prun(*words, **options)
        self.assertEqual((result.returncode, sorted(result.stdout.split()), result.stderr), (0, sorted(out), err))
        return result

    def sh(self, host, script):
        return self.cluster.run(host, ["sh", "-c", script], check=True).stdout

    def cached(self, host):
        return self.sh(host, "cd /root/.cache/prun 2>/dev/null && ls -A || true").split()

    def assertNothingElsewhere(self, host):
        self.assertEqual(self.sh(host, "ls -d /tmp/prun-* /dev/shm/prun-* /var/tmp/prun-* 2>/dev/null || true"), "")


class Agent(Bare):
    def test_the_hosts_are_bare(self):
        for host in ("rpi2", "rpi3"):
            self.assertEqual(self.sh(host, f"command -v prun; ls -A {vcluster.SOURCE} 2>/dev/null || true"), "")

    def test_it_is_sent_once_and_kept(self):
        first = self.prun("-v", "-H", "rpi2,rpi3", "hostname")
        self.assertEqual(sorted(first.stdout.split()), ["rpi2", "rpi3"], first.stderr)
        self.assertEqual(first.stderr.count("needs the agent"), 2)
        for host in ("rpi2", "rpi3"):
            [agent] = self.cached(host)
            self.assertTrue(agent.startswith("agent-"), agent)
            self.assertNothingElsewhere(host)
        second = self.prun("-v", "-H", "rpi2,rpi3", "hostname")
        self.assertEqual((second.returncode, second.stderr.count("needs the agent")), (0, 0))

    def test_a_noisy_login_shell(self):
        self.sh("rpi2", "echo \"echo 'Welcome!'; echo warning >&2; printf 'no end of line'\" > /root/.bashrc")
        self.runs("-H", "rpi2,rpi3", "hostname", out=["rpi2", "rpi3"])
        self.runs("-H", "rpi2,rpi3", "hostname", out=["rpi2", "rpi3"])

    def test_a_home_that_cannot_be_written(self):
        # The host's own mount, gone again with the shell that keeps it.
        self.sh("rpi2", "mkdir -p /root/.cache && mount -t tmpfs -o ro none /root/.cache")
        try:
            for _ in range(2):
                self.runs("-H", "rpi2,rpi3", "hostname", out=["rpi2", "rpi3"])
            self.assertNothingElsewhere("rpi2")
        finally:
            self.sh("rpi2", "umount /root/.cache")

    def test_a_home_on_a_full_disk(self):
        self.sh("rpi2", "mkdir -p /root/.cache && mount -t tmpfs -o size=1m none /root/.cache")
        try:
            self.runs("-H", "rpi2", "hostname", out=["rpi2"])
            self.assertEqual(self.cached("rpi2"), [])
            self.assertNothingElsewhere("rpi2")
        finally:
            self.sh("rpi2", "umount /root/.cache")

    def test_a_home_without_leave_to_execute(self):
        self.sh("rpi2", "mkdir -p /root/.cache && mount -t tmpfs -o noexec none /root/.cache")
        try:
            self.runs("-H", "rpi2", "hostname", out=["rpi2"])
        finally:
            self.sh("rpi2", "umount /root/.cache")

    def test_a_cache_that_others_can_open(self):
        self.sh("rpi2", "mkdir -p /root/.cache/prun && chmod 755 /root/.cache/prun")
        self.runs("-H", "rpi2,rpi3", "hostname", out=["rpi2", "rpi3"],
                  err="prun: rpi2: /root/.cache/prun is open to others, so what is sent is not kept (chmod 700 /root/.cache/prun)\n")
        self.assertEqual(self.cached("rpi2"), [])
        self.assertNothingElsewhere("rpi2")

    def test_no_folder_at_all(self):
        folders = ["/root/.cache", "/tmp", "/dev/shm", "/var/tmp"]
        for folder in folders:
            self.sh("rpi2", f"mkdir -p {folder} && mount -t tmpfs -o ro none {folder}")
        try:
            result = self.prun("-H", "rpi2", "hostname")
            self.assertEqual(result.returncode, 125)
            self.assertRegex(result.stderr, r"^prun: rpi2: no folder there can take prun's agent: .*/root/.cache/prun /tmp/prun-")
        finally:
            for folder in folders:
                self.sh("rpi2", f"umount {folder}")

    def test_two_jobs_at_once_on_fresh_hosts(self):
        jobs = [self.cluster.popen("rpi1", ["prun", "-H", "rpi2,rpi3", "hostname"]) for _ in range(3)]
        for job in jobs:
            out, err = job.communicate(timeout=30)
            self.assertEqual((job.returncode, sorted(out.split()), err), (0, ["rpi2", "rpi3"], ""))
        for host in ("rpi2", "rpi3"):
            self.assertEqual(len(self.cached(host)), 1)

    def test_a_link_that_is_cut_while_it_is_sent(self):
        self.cluster.rate("1mbit", "rpi2")
        try:
            process = self.cluster.popen("rpi1", ["prun", "-v", "--start-timeout", "2", "-H", "rpi2", "hostname"])
            self.addCleanup(process.stdout.close)
            self.addCleanup(process.stderr.close)
            while "receiving the agent" not in process.stderr.readline():
                pass
            self.cluster.cut("rpi2")
            _, err = process.communicate(timeout=30)
            self.assertEqual(process.returncode, 125)
            self.assertIn("prun: rpi2: prun's agent was sent there and nothing has moved within 2 s", err)
        finally:
            self.cluster.mend("rpi2")
            self.cluster.rate("100mbit", "rpi2")
        # What was there of it is never started, and the host itself finds out that nobody speaks any more.
        for pid, _ in self.cluster.processes("rpi2"):
            with contextlib.suppress(ProcessLookupError):  # it finds out by itself just now
                os.kill(pid, 9)
        self.runs("-H", "rpi2", "hostname", out=["rpi2"])


class Program(Bare):
    """Programs and data that stand on rpi1 alone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # In a folder that the others do not have.
        cls.cluster.run("rpi1", ["sh", "-c", "mkdir -p /root/work && cd /root/work && "
                                 "printf '#!/bin/sh\\necho one \"$0\" \"$@\"\\n' > script && chmod +x script && "
                                 "printf 'import sys, helper\\nprint(helper.text, sys.argv[1])\\n' > main.py && "
                                 "echo 'text = \"helped\"' > helper.py && echo 17 > words.txt && "
                                 f"cp {vcluster.BIN}/hello hello"], check=True)

    def setUp(self):
        super().setUp()
        for host in ("rpi2", "rpi3"):
            self.sh(host, "rm -rf /root/work /root/script /root/hello")

    def lacks(self, *words, dir="/root/work"):
        """Runs a job that must go well; how many files had to be sent."""
        result = self.prun("-v", *words, dir=dir)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result, result.stderr.count(": lacks ")

    def test_a_program_that_is_only_here(self):
        first, sent = self.lacks("-H", "rpi2,rpi3", "./script", "7")
        self.assertEqual((first.stdout.count("one"), sent), (2, 2))
        _, sent = self.lacks("-H", "rpi2,rpi3", "./script", "7")
        self.assertEqual(sent, 0)
        for host in ("rpi2", "rpi3"):
            self.assertEqual(self.sh(host, "ls -A /root/.cache/prun/runs; ls /root/work 2>/dev/null || true"), "")

    def test_each_program_of_a_job(self):
        # The folder of each is its own, and each host gets what its ranks run.
        self.sh("rpi1", "mkdir -p /root/work/sub && sed s/one/two/ /root/work/script > /root/work/sub/script && chmod +x /root/work/sub/script")
        for host in ("rpi2", "rpi3"):
            self.sh(host, "mkdir -p /root/work/sub")
        result, sent = self.lacks("-H", "rpi2", "./script", "7", ":", "-H", "rpi3", "--wdir", "sub", "./script", "8")
        self.assertEqual(sorted((words[0], words[-1]) for words in map(str.split, result.stdout.splitlines())),
                         [("one", "7"), ("two", "8")])
        self.assertEqual(sent, 2)

    def test_a_program_of_the_library(self):
        result, sent = self.lacks("-H", "rpi1,rpi2,rpi3", "./hello")
        self.assertEqual(sent, 2)
        for host in self.cluster.hosts:
            self.assertIn(host, result.stdout)

    def test_its_name_is_kept(self):
        self.sh("rpi1", "cp /bin/sleep /root/work/my-sleep")
        process = self.cluster.popen("rpi1", ["prun", "-H", "rpi2", "./my-sleep", "5"], dir="/root/work")
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        vcluster.wait_until(lambda: any(words == "./my-sleep 5" for _, words in self.cluster.processes("rpi2")))
        pid = next(pid for pid, words in self.cluster.processes("rpi2") if words == "./my-sleep 5")
        self.assertEqual(pathlib.Path(f"/proc/{pid}/comm").read_text(), "my-sleep\n")
        process.terminate()
        process.wait(10)

    def test_the_same_path_with_the_same_content_is_used(self):
        self.sh("rpi2", "mkdir -p /root/work")
        for folder in ("/root/work", "/root"):  # as scp puts it, or into the home folder
            with self.subTest(folder):
                self.sh("rpi2", "rm -rf /root/work /root/script; mkdir -p " + folder)
                self.sh("rpi2", f"printf '#!/bin/sh\\necho one \"$0\" \"$@\"\\n' > {folder}/script; chmod +x {folder}/script")
                result, sent = self.lacks("-H", "rpi2", "./script")
                self.assertEqual((result.stdout.split()[0], sent), ("one", 0))

    def test_another_content_at_the_same_path_is_not(self):
        self.sh("rpi2", "mkdir -p /root/work && printf '#!/bin/sh\\necho stale\\n' > /root/work/script && chmod +x /root/work/script")
        result, sent = self.lacks("-H", "rpi2", "./script")
        self.assertEqual((result.stdout.split()[0], sent), ("one", 1))
        result, _ = self.lacks("--stage=off", "-H", "rpi2", "./script")
        self.assertEqual(result.stdout, "stale\n")

    def test_always(self):
        self.sh("rpi2", "mkdir -p /root/work && printf '#!/bin/sh\\necho one \"$0\" \"$@\"\\n' > /root/work/script && chmod +x /root/work/script")
        _, sent = self.lacks("--stage=always", "-H", "rpi2", "./script")
        self.assertEqual(sent, 1)

    def test_off(self):
        result = self.prun("--stage=off", "-H", "rpi2", "./script", dir="/root/work")
        self.assertEqual(result.returncode, 127)
        self.assertRegex(result.stderr, "^prun: rpi2: cannot run ./script: it is not there")

    def test_a_program_without_leave_to_execute(self):
        self.sh("rpi1", "echo true > /root/work/unfinished")
        result = self.prun("-H", "rpi2", "./unfinished", dir="/root/work")
        self.assertEqual((result.returncode, result.stderr),
                         (126, "prun: rpi2: cannot run ./unfinished: it is not executable (chmod +x ./unfinished)\n"))

    def test_a_script_behind_its_interpreter_and_files_asked_for(self):
        result, sent = self.lacks("--stage", "helper.py", "--stage", "words.txt", "-H", "rpi2,rpi3", "python3", "main.py", "7")
        self.assertEqual((result.stdout, sent), ("helped 7\n" * 2, 6))
        result, sent = self.lacks("--stage", "words.txt", "-H", "rpi2", "cat", "words.txt")
        self.assertEqual((result.stdout, sent), ("17\n", 0))
        self.assertRegex(result.stderr, "prun: rpi2: the staged files are in /root/.cache/prun/runs/[0-9a-f]{16}-.*, where the ranks run")

    def test_what_ranks_write_beside_staged_files_stays(self):
        self.lacks("--stage", "words.txt", "-H", "rpi2", "sh", "-c", "cp words.txt result")
        self.assertEqual(self.sh("rpi2", "cd /root/.cache/prun/runs/*; ls; cat result"), "result\n17\n")

    def test_a_file_asked_for_that_is_not_there(self):
        result = self.prun("--stage", "none.txt", "-H", "rpi2", "true", dir="/root/work")
        self.assertEqual(result.returncode, 125)
        self.assertEqual(result.stderr, "prun: --stage: cannot read none.txt: No such file or directory\n")

    def test_a_home_that_cannot_be_written(self):
        self.sh("rpi2", "mkdir -p /root/.cache && mount -t tmpfs -o ro none /root/.cache")
        try:
            result, _ = self.lacks("-H", "rpi2", "./script")
            self.assertEqual(result.stdout.split()[0], "one")
            self.assertNothingElsewhere("rpi2")
        finally:
            self.sh("rpi2", "umount /root/.cache")

    def test_files_on_a_full_disk(self):
        self.sh("rpi1", "head -c 8000000 /dev/urandom > /root/work/data")
        folders = ["/root/.cache", "/tmp", "/dev/shm", "/var/tmp"]
        self.sh("rpi2", "mkdir -p /root/.cache && mount -t tmpfs -o size=3m none /root/.cache")
        mounted = folders[:1]
        try:
            result, sent = self.lacks("--stage", "data", "-H", "rpi2", "sh", "-c", "pwd; wc -c < data")
            self.assertEqual((result.stdout.split()[1], sent), ("8000000", 1))
            self.assertRegex(result.stdout, "^/tmp/prun-")
            self.assertNothingElsewhere("rpi2")
            for folder in folders[1:]:
                self.sh("rpi2", f"mkdir -p {folder} && mount -t tmpfs -o size=3m none {folder}")
                mounted.append(folder)
            result = self.prun("--stage", "data", "-H", "rpi2", "true", dir="/root/work")
            self.assertEqual(result.returncode, 125)
            self.assertRegex(result.stderr, r"^prun: rpi2: no folder there can take \d+ kB: full, read-only or without leave to execute")
            self.assertNothingElsewhere("rpi2")
        finally:
            for folder in mounted:
                self.sh("rpi2", f"umount {folder}")

    def test_a_library_that_is_missing_there(self):
        self.sh("rpi1", "mkdir -p /root/work/lib && cd /root/work && echo 'int f(void){return 0;}' > f.c && "
                        "echo 'int f(void); int main(void){return f();}' > m.c && gcc -shared -fPIC -o lib/libeleven.so f.c && "
                        "gcc -o needy m.c -Llib -leleven -Wl,-rpath,/root/work/lib")
        result = self.prun("-H", "rpi1,rpi2", "./needy", dir="/root/work")
        self.assertEqual(result.returncode, 126)
        self.assertRegex(result.stderr, "^prun: rpi2: cannot run ./needy: it needs libeleven.so, which this host has not")


class PassingOn(Bare):
    """What several hosts lack leaves rpi1 once."""

    BYTES = 20_000_000

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(hosts=5, bare=["rpi2", "rpi3", "rpi4", "rpi5"])
        cls.enterClassContext(cls.cluster)
        cls.cluster.run("rpi1", ["sh", "-c", f"mkdir /root/work && head -c {cls.BYTES} /dev/urandom > /root/work/data"], check=True)

    OTHERS = ["rpi2", "rpi3", "rpi4", "rpi5"]
    COMMAND = ("--stage", "data", "-H", ",".join(OTHERS), "sha256sum", "data")

    def setUp(self):
        super().setUp()
        self.prun("-H", ",".join(self.OTHERS), "true")  # the agents are there
        self.expected = self.sh("rpi1", "cd /root/work && sha256sum data")

    def sent(self):
        """Bytes that have left rpi1."""
        [line] = [line for line in self.sh("rpi1", "cat /proc/net/dev").splitlines() if "eth0" in line]
        return int(line.partition(":")[2].split()[8])

    def test_once_through_the_wire_of_the_launcher(self):
        before = self.sent()
        result = self.prun("-v", *self.COMMAND, dir="/root/work")
        self.assertEqual((result.returncode, result.stdout), (0, self.expected * 4), result.stderr)
        copies = (self.sent() - before) / self.BYTES
        self.assertGreater(copies, 1)
        self.assertLess(copies, 1.5)
        self.assertEqual(result.stderr.count("passes the files on to"), 3)
        self.assertNotIn("is sent the rest from here", result.stderr)
        for host in self.OTHERS:
            self.assertEqual(self.sh(host, "ls -A /root/.cache/prun/runs; ls /root/.cache/prun/files | wc -l"), "1\n")

    def test_a_line_on_the_terminal_tells_of_it(self):
        command = "prun " + " ".join(self.COMMAND)
        shown = self.cluster.run("rpi1", ["script", "-qec", command, "/dev/null"], dir="/root/work").stdout
        # Line feeds stand for its carriage returns too.
        self.assertRegex(shown, r"\n\x1b\[Kprun: sending to rpi2[^\n]*: [\d.]+ of [\d.]+ MB, [\d.]+ MB/s, \d+ s left\n\x1b\[K")
        self.assertIn("\n\x1b[Kprun: rpi2, rpi3, rpi4, rpi5: the staged files", shown)
        self.assertTrue(shown.endswith(self.expected * 4), shown)

    def test_the_same_for_few_bytes_goes_straight(self):
        self.sh("rpi1", "echo few > /root/work/few")
        result = self.prun("-v", "--stage", "few", "-H", "rpi2,rpi3", "cat", "few", dir="/root/work")
        self.assertEqual((result.returncode, result.stdout), (0, "few\n" * 2), result.stderr)
        self.assertNotIn("passes", result.stderr)

    def test_hosts_that_cannot_reach_each_other(self):
        self.sh("rpi3", "ip route add unreachable 10.77.0.4/32")
        try:
            before = self.sent()
            result = self.prun("-v", *self.COMMAND, dir="/root/work")
        finally:
            self.sh("rpi3", "ip route del unreachable 10.77.0.4/32")
        self.assertEqual((result.returncode, result.stdout), (0, self.expected * 4), result.stderr)
        self.assertIn("rpi3: cannot pass files on to rpi4: no connection: ", result.stderr)
        self.assertIn("rpi4: is sent the rest from here", result.stderr)
        # rpi5 has it from rpi4 nevertheless.
        self.assertLess((self.sent() - before) / self.BYTES, 2.5)
        self.assertEqual(result.stderr.count("is sent the rest from here"), 1)

    def test_a_host_of_the_middle_that_dies(self):
        process = self.cluster.popen("rpi1", ["prun", "-v", *self.COMMAND], dir="/root/work")
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        while "rpi4: passes the files on to rpi5" not in process.stderr.readline():
            pass
        for pid, words in self.cluster.processes("rpi3"):
            if "agent" in words:
                with contextlib.suppress(ProcessLookupError):  # agent and keeper end each other
                    os.kill(pid, 9)
        out, err = process.communicate(timeout=30)
        self.assertEqual((process.returncode, out), (125, ""), err)
        self.assertIn("prun: rpi3: its agent has left", err)
        self.assertIn("rpi4: is sent the rest from here", err)
        # All others have got it.
        result = self.prun("-v", "--stage", "data", "-H", "rpi2,rpi4,rpi5", "sha256sum", "data", dir="/root/work")
        self.assertEqual((result.returncode, result.stdout, result.stderr.count(": lacks ")), (0, self.expected * 3, 0))


class KeptConnections(Bare):
    """The second run by the connection of the first."""

    def tearDown(self):
        self.cluster.run("rpi1", ["prun", "hosts", "--close"], check=True)
        self.sh("rpi1", "rm -f /root/.ssh/config")
        super().tearDown()

    def prun(self, *words, **options):
        return super().prun(*words, env={"PRUN_PERSIST": "yes"}, **options)

    def masters(self):
        return [pid for pid, words in self.cluster.processes("rpi1") if words.startswith("ssh:") and "[mux]" in words]

    def test_they_are_used_and_closed(self):
        self.runs("-H", "rpi2,rpi3", "hostname", out=["rpi2", "rpi3"])
        first = self.masters()
        self.assertEqual(len(first), 2)
        self.runs("-H", "rpi2,rpi3", "hostname", out=["rpi2", "rpi3"])
        self.assertEqual(self.masters(), first)
        # prun speaks to the masters itself: there need be no ssh any more.
        self.assertEqual(sorted(self.sh("rpi1", "prun=$(command -v prun); PATH=/nowhere PRUN_PERSIST=yes $prun -H rpi2,rpi3 hostname")
                                .split()), ["rpi2", "rpi3"])
        self.assertEqual(self.masters(), first)
        self.assertEqual(self.sh("rpi1", "stat -c %a /root/.cache/prun/ssh"), "700\n")
        self.assertEqual(self.cluster.run("rpi1", ["prun", "hosts"], check=True).stdout, "rpi2\nrpi3\n")
        self.cluster.run("rpi1", ["prun", "hosts", "--close"], check=True)
        self.cluster.wait_idle()
        self.assertEqual(self.sh("rpi1", "ls -A /root/.cache/prun"), "")
        self.assertEqual(self.cluster.run("rpi1", ["prun", "hosts"], check=True).stdout, "")
        self.assertEqual(self.cluster.run("rpi1", ["prun", "hosts", "--list"]).returncode, 125)

    def test_no_persist(self):
        self.runs("--no-persist", "-H", "rpi2", "hostname", out=["rpi2"])
        self.cluster.wait_idle()

    def test_the_users_own_wish(self):
        self.sh("rpi1", "printf 'Host rpi2\\n  ControlMaster no\\n' > /root/.ssh/config")
        self.runs("-H", "rpi2,rpi3", "hostname", out=["rpi2", "rpi3"])
        self.assertEqual(len(self.masters()), 1)

    def another_sshd(self, port, option, *lines):
        """A second one on rpi2, with that option; for the user it is the host "other"."""
        self.sh("rpi2", f"/usr/sbin/sshd -p {port} -o {option}")
        lines = ("Host other", "HostName rpi2", f"Port {port}", "HostKeyAlias rpi2", *lines)
        self.sh("rpi1", f"for line in {' '.join(map(shlex.quote, lines))}; do echo \"$line\"; done > /root/.ssh/config")

    def test_variables_that_the_users_files_send(self):
        """The first run has them from ssh, the second from its master."""
        self.another_sshd(2222, "AcceptEnv=LC_*", "SetEnv LC_SET=set", "SendEnv LC_SENT")
        for sent in ("first", "second"):
            result = super().prun("--envnone", "-H", "other", "sh", "-c", "echo $LC_SET $LC_SENT $LC_KEPT",
                                  env={"PRUN_PERSIST": "yes", "LC_SENT": sent, "LC_KEPT": "kept"})
            self.assertEqual(result.stdout, f"set {sent}\n", result.stderr)

    def test_a_master_that_takes_no_more_sessions(self):
        self.another_sshd(2223, "MaxSessions=1")
        first = self.cluster.popen("rpi1", ["prun", "-H", "other", "sh", "-c", "echo up; read line"],
                                   env={"PRUN_PERSIST": "yes"}, stdin=subprocess.PIPE)
        self.assertEqual(first.stdout.readline(), "up\n")
        result = self.prun("-v", "-H", "other", "hostname")
        self.assertEqual((result.returncode, result.stdout), (0, "rpi2\n"))
        self.assertIn("other: the kept connection gives no session; tries again\n", result.stderr)
        first.communicate("\n", timeout=30)
        self.assertEqual(first.returncode, 0)

    def test_a_master_that_was_killed(self):
        self.runs("-H", "rpi2", "hostname", out=["rpi2"])
        os.kill(self.masters()[0], 9)
        self.runs("-H", "rpi2", "hostname", out=["rpi2"])

    def test_a_master_whose_host_was_switched_off(self):
        self.runs("-H", "rpi2", "hostname", out=["rpi2"])
        self.cluster.off("rpi2")
        self.cluster.on("rpi2")
        begun = time.monotonic()
        self.runs("-H", "rpi2", "hostname", out=["rpi2"])
        self.assertLess(time.monotonic() - begun, 10)
        for pid in self.masters():
            os.kill(pid, 9)

    def test_a_killed_prun_ends_its_job_and_no_other(self):
        # By ssh, and by the connection that it has left.
        for _ in range(2):
            process = self.cluster.popen("rpi1", ["prun", "-H", "rpi2", "sh", "-c", "echo up; exec sleep 100"],
                                         env={"PRUN_PERSIST": "yes"})
            self.addCleanup(process.stdout.close)
            self.addCleanup(process.stderr.close)
            self.assertEqual(process.stdout.readline(), "up\n")
            launcher = min(pid for pid, words in self.cluster.processes("rpi1") if words.startswith("prun -H rpi2"))
            os.kill(launcher, 9)
            process.wait(10)
            vcluster.wait_until(lambda: not any("sleep 100" in words for _, words in self.cluster.processes("rpi2")), 5)
        self.runs("-H", "rpi2", "hostname", out=["rpi2"])


class Cache(Bare):
    def test_clear(self):
        self.assertEqual(self.prun("-H", "rpi2,rpi3", "hostname").returncode, 0)
        result = self.prun("cache", "--clear", "-H", "rpi2,rpi3")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))
        for host in ("rpi2", "rpi3"):
            self.assertEqual(self.sh(host, "ls /root/.cache"), "")


if __name__ == "__main__":
    vcluster.main()
