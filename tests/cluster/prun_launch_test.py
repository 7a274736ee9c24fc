"""prun over real sshd on virtual hosts, with programs that know nothing of it."""

import os
import pathlib
import re
import signal
import tempfile
import time

import vcluster
from cluster_jobs import PROGRAMS, ClusterJobs
from vcluster import wait_until

RANKS = vcluster.SOURCE / "tests" / "ranks"


class ClusterTest(ClusterJobs):
    @classmethod
    def setUpClass(cls):
        cls.shown = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="prun-test-")))
        cls.binds = [cls.shown]
        super().setUpClass()

    def prun(self, *words, **options):
        return self.cluster.run("rpi1", ["prun", *words], **options)

    def one(self, host, words):
        """The number of the only process of a host whose command line holds the words."""
        def found():
            return [number for number, command in self.cluster.processes(host) if words in command]

        return wait_until(lambda: len(found()) == 1 and found(), what=f"one process with {words} on {host}")[0]


class Running(ClusterTest):
    def test_hostname_on_every_host(self):
        result = self.prun("-H", "rpi1,rpi2,rpi3,rpi4", "hostname")
        self.assertEqual(sorted(result.stdout.split()), ["rpi1", "rpi2", "rpi3", "rpi4"])
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_without_hosts_nobody_logs_in(self):
        result = self.prun("-n", "3", "sh", "-c", "hostname; echo $SSH_CONNECTION")
        self.assertEqual(result.stdout.split(), ["rpi1"] * 3)
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_labels_and_places(self):
        result = self.prun("-l", "-H", "rpi3:2,rpi2", "sh", "-c", "echo $PRUN_RANK $PRUN_LOCAL_RANK $PRUN_HOST $(hostname)")
        self.assertEqual(sorted(result.stdout.splitlines()),
                         ["[0@rpi3] 0 0 rpi3 rpi3", "[1@rpi3] 1 1 rpi3 rpi3", "[2@rpi2] 2 0 rpi2 rpi2"])

    def test_input_goes_to_rank_0_on_its_host(self):
        result = self.prun("-l", "-H", "rpi2,rpi1", "wc", "-c", input="x" * 300000)
        self.assertEqual(sorted(result.stdout.splitlines()), ["[0@rpi2] 300000", "[1@rpi1] 0"])

    def test_a_loop_over_hosts_loses_none(self):
        hosts = "".join(f"rpi{number}\n" for number in range(1, 5))
        result = self.cluster.run("rpi1", ["sh", "-c", "while read host; do prun -H $host hostname; done"], input=hosts)
        self.assertEqual((result.stdout, result.stderr), (hosts, ""))
        result = self.cluster.run("rpi1", ["bash", "-c", "while read host; do prun -H $host bash -c 'read next; echo $(hostname) $next'; done"],
                                  input=hosts)
        self.assertEqual((result.stdout, result.stderr), ("rpi1 rpi2\nrpi3 rpi4\n", ""))

    def test_a_terminal_on_another_host(self):
        result = self.prun("--tty", "-H", "rpi3", "sh", "-c", "test -t 0 && test -t 1 && test -t 2 && hostname")
        self.assertEqual((result.stdout, result.stderr), ("rpi3\n", ""))

    def test_signals_reach_every_host(self):
        code = ("import signal\n"
                "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})\n"
                "print('up', flush=True)\n"
                "print(signal.sigwait({signal.SIGINT}).name, flush=True)\n")
        process = self.start("-H", "rpi1,rpi2,rpi3", "python3", "-c", code, ranks=3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
        self.assertEqual((out, err, process.returncode), ("SIGINT\n" * 3, "prun: interrupted\n", 130))

    def test_much_output_of_every_host(self):
        result = self.prun("-H", "rpi1,rpi2,rpi3,rpi4", "sh", "-c", "seq 100000")
        self.assertEqual(len(result.stdout.split()), 400000)
        self.assertEqual(sum(map(int, result.stdout.split())), 4 * 100000 * 100001 // 2)
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_exit_statuses(self):
        for script, status, words in [
            ("exit 3", 3, "rank 2 on rpi3 exited with status 3"),
            ("kill -SEGV $$", 139, "rank 2 on rpi3 died: signal 11 (segmentation fault)"),
        ]:
            with self.subTest(script):
                begun = time.monotonic()
                result = self.prun("-H", "rpi1,rpi2,rpi3,rpi4", "sh", "-c",
                                   f"test $PRUN_RANK = 2 && {script}; exec sleep 100")
                self.assertEqual(result.returncode, status)
                self.assertEqual(self.last_line(result.stderr), f"prun: {words}")
                self.assertLess(time.monotonic() - begun, 3)

    def test_time_limit(self):
        result = self.prun("--timeout", "1", "-H", "rpi1,rpi2", "sleep", "100")
        self.assertEqual(result.returncode, 124)

    def test_working_directory(self):
        self.assertEqual(self.prun("-H", "rpi1,rpi2", "pwd", dir="/usr/lib").stdout, "/usr/lib\n" * 2)
        self.cluster.run("rpi1", ["mkdir", "-p", "/tmp/only-here"], check=True)
        result = self.prun("-H", "rpi1,rpi2,rpi3", "pwd", dir="/tmp/only-here")
        self.assertEqual(sorted(result.stdout.split()), ["/root", "/root", "/tmp/only-here"])
        self.assertRegex(result.stderr, r"^prun: rpi[23], rpi[23]: the folder /tmp/only-here is not there, ranks run in /root\n$")
        self.assertEqual(result.returncode, 0)

    def test_ranks_that_share_hosts_share_memory_with_no_others(self):
        script = ("for f in /proc/$$/fd/*; do case $(readlink $f) in *'memfd:prun ('*) "
                  "echo $PRUN_HOST $(stat -L -c %i $f);; esac; done")
        done = self.prun("-H", "rpi1:2,rpi2:2", "sh", "-c", script)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = sorted(done.stdout.splitlines())
        self.assertEqual([line.split()[0] for line in lines], ["rpi1", "rpi1", "rpi2", "rpi2"])
        self.assertEqual(lines[0], lines[1])
        self.assertEqual(lines[2], lines[3])
        self.assertNotEqual(lines[0].split()[1], lines[2].split()[1])

    def test_ranks_that_share_hosts_and_ranks_that_do_not(self):
        # Those called Waiting meet in a folder that hosts do not share.
        for program in ("point_to_point_ranks", "collectives_ranks"):
            with self.subTest(program=program):
                done = self.prun("-H", "rpi1:2,rpi2:2", str(PROGRAMS / program), "--gtest_filter=-Waiting.*")
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_noisy_login_shell(self):
        noise = pathlib.Path(self.cluster.root("rpi2")) / "root/.bashrc"
        before = noise.read_text() if noise.exists() else None
        noise.write_text("echo 'Welcome!'; echo warning >&2; printf 'no end of line'\n")
        try:
            result = self.prun("-H", "rpi2,rpi3", "hostname")
        finally:
            noise.write_text(before or "")
        self.assertEqual(sorted(result.stdout.split()), ["rpi2", "rpi3"])
        self.assertEqual((result.returncode, result.stderr), (0, ""))


class Addresses(ClusterTest):
    """Where ranks are told to reach each other: numbers from the logins, whatever /etc/hosts says."""

    def maps(self, hosts):
        program = self.shown / "map.py"
        program.write_text("from launcher_rank import *\nchannel = Channel()\nwelcome = channel.join()\n"
                           "print(channel.rank, welcome['bind'], *(address for _, address in welcome['hosts']))\n"
                           "channel.finalize()\n")
        result = self.prun("-x", f"PYTHONPATH={RANKS}", "-H", hosts, "python3", str(program))
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return sorted(result.stdout.splitlines())

    def test_with_and_without_the_launchers_own_host(self):
        self.assertEqual(self.maps("rpi2,rpi3"), ["0 10.77.0.2 10.77.0.2 10.77.0.3", "1 10.77.0.3 10.77.0.2 10.77.0.3"])
        self.assertEqual(self.maps("rpi1,rpi3"), ["0 10.77.0.1 10.77.0.1 10.77.0.3", "1 10.77.0.3 10.77.0.1 10.77.0.3"])
        self.assertEqual(self.maps("rpi1"), ["0 127.0.0.1 127.0.0.1"])

    def test_own_name_at_a_loopback_address(self):
        for address in ("127.0.0.1", "127.0.1.1"):
            with self.subTest(address):
                kept = {}
                for host in self.cluster.hosts:
                    file = pathlib.Path(self.cluster.root(host)) / "etc/hosts"
                    kept[file] = file.read_text()
                    others = [line for line in kept[file].splitlines() if host not in line.split()]
                    # As the tutorials have it: the first line names the host itself.
                    file.write_text(f"{address} localhost {host}\n" + "\n".join(others) + "\n")
                try:
                    self.assertEqual(self.cluster.run("rpi2", ["getent", "ahostsv4", "rpi2"]).stdout.split()[0], address)
                    self.assertEqual(self.maps("rpi1,rpi2,rpi3"),
                                     [f"{rank} 10.77.0.{rank + 1} 10.77.0.1 10.77.0.2 10.77.0.3" for rank in range(3)])
                finally:
                    for file, text in kept.items():
                        file.write_text(text)

    def test_workers_resolve_nothing(self):
        kept = {}
        for host in ("rpi2", "rpi3"):
            file = pathlib.Path(self.cluster.root(host)) / "etc/hosts"
            kept[file] = file.read_text()
            file.write_text("")
        try:
            self.assertEqual(self.maps("rpi1,rpi2,rpi3"),
                             [f"{rank} 10.77.0.{rank + 1} 10.77.0.1 10.77.0.2 10.77.0.3" for rank in range(3)])
        finally:
            for file, text in kept.items():
                file.write_text(text)


class NameServers(ClusterTest):
    """What a start asks of name servers: nothing, where the names stand in /etc/hosts; above all no name for an address."""

    hosts = 3
    recorder = ("import socket\nserver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nserver.bind(('10.77.0.3', 53))\n"
                "print('up', flush=True)\nwhile True:\n    print(server.recv(512).hex(), flush=True)\n")

    def test_no_lookup_while_starting(self):
        log = self.shown / "queries"
        with open(log, "w") as file:
            recorder = self.cluster.popen("rpi3", ["python3", "-c", self.recorder], stdout=file)
        try:
            wait_until(lambda: log.read_text() == "up\n", 10, "the name server")
            for host in self.cluster.hosts:
                etc = self.cluster.root(host) / "etc"
                (etc / "resolv.conf").unlink(missing_ok=True)
                (etc / "resolv.conf").write_text("nameserver 10.77.0.3\noptions timeout:1 attempts:1\n")
                (etc / "nsswitch.conf").write_text("hosts: files dns\n")
            result = self.prun("-H", "rpi1,rpi2,10.77.0.3", str(PROGRAMS / "scenario"), "leaves-early", "0")
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertEqual(log.read_text(), "up\n")
            # And one that is made on purpose is seen.
            self.cluster.run("rpi2", ["getent", "hosts", "10.99.0.1"])
            self.assertGreater(len(log.read_text().splitlines()), 1)
        finally:
            recorder.terminate()
            recorder.communicate(timeout=10)


class Refusals(ClusterTest):
    """What keeps a job from starting is told in one line a host, and nothing is started anywhere."""

    def refused(self, hosts, lines, *words, status=125, **options):
        flag = "started-" + str(time.monotonic_ns())
        result = self.prun(*words, "-H", hosts, *(options.pop("program", None) or ("touch", f"/root/{flag}")), **options)
        self.assertEqual(result.returncode, status, result.stderr)
        told = result.stderr.splitlines()
        self.assertEqual(len(told), len(lines), result.stderr)
        for line in lines:
            self.assertTrue(any(re.search(line, one) for one in told), f"{line!r} in {result.stderr}")
        for host in self.cluster.hosts:
            self.assertFalse((self.cluster.root(host) / "root" / flag).exists())
        return result

    nothing = "^prun: nothing was started on any host$"

    def test_a_name_that_does_not_resolve(self):
        self.refused("rpi1,rpi9", [r"^prun: rpi9: no address is known for this name \(.*Could not resolve", self.nothing])

    def test_a_key_that_is_refused(self):
        keys = self.cluster.root("rpi2") / "root/.ssh/authorized_keys"
        text = keys.read_text()
        keys.write_text("")
        try:
            self.refused("rpi1,rpi2,rpi3", [r"^prun: rpi2: it refuses our ssh key \(.*Permission denied .*; ssh-copy-id rpi2$",
                                            self.nothing])
        finally:
            keys.write_text(text)

    def test_a_port_that_is_closed(self):
        self.refused("rpi1,ssh://rpi2:2222", [r"^prun: rpi2: it is there, but no ssh server listens .*port 2222: Connection refused",
                                              self.nothing])

    def test_a_host_key_that_is_not_known(self):
        self.refused("rpi2,rpi3", [r"^prun: rpi2, rpi3: |^prun: rpi2: its host key is not known here yet .*; log in once by hand",
                                   r"^prun: rpi3: its host key is not known|^prun: nothing", self.nothing],
                     "--ssh-args", "-o UserKnownHostsFile=/dev/null -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=ask")

    def test_a_host_that_is_off(self):
        self.cluster.off("rpi4")
        try:
            begun = time.monotonic()
            self.refused("rpi1,rpi4", [r"^prun: rpi4: (it does not answer|there is no way to it)", self.nothing],
                         "--start-timeout", "2")
            self.assertLess(time.monotonic() - begun, 5)
        finally:
            self.cluster.on("rpi4")

    def test_a_program_that_is_missing_on_one_host(self):
        for host in ("rpi1", "rpi2"):
            self.cluster.run(host, ["sh", "-c", "printf '#!/bin/sh\\necho ran\\n' > /root/work; chmod +x /root/work"], check=True)
        self.refused("rpi1,rpi2,rpi3", [r"^prun: rpi3: cannot run ./work: it is not there \(in /root\)$", self.nothing],
                     "--stage=off", status=127, program=("./work",))
        self.cluster.run("rpi2", ["chmod", "-x", "/root/work"], check=True)
        self.refused("rpi1,rpi2", [r"^prun: rpi2: cannot run ./work: it is not executable", self.nothing],
                     "--stage=off", status=126, program=("./work",))

    def test_a_folder_that_was_asked_for_and_is_missing_on_one_host(self):
        for host in ("rpi1", "rpi2"):
            self.cluster.run(host, ["mkdir", "-p", "/root/films"], check=True)
        self.refused("rpi1,rpi2,rpi3", [r"^prun: rpi3: the working directory /root/films is not there \(--wdir\); make it: mkdir -p /root/films$", self.nothing],
                     "--wdir", "/root/films")

    def test_everything_that_is_wrong_is_told_at_once(self):
        self.refused("rpi1,rpi9,ssh://rpi2:2222,rpi3", ["^prun: rpi9: no address", "^prun: rpi2: .*no ssh server",
                                                        "^prun: rpi1, rpi3: cannot run no-such-program", self.nothing],
                     program=("no-such-program",))


class Ending(ClusterTest):
    def test_one_rank_killed_ends_all_within_a_second(self):
        process = self.start("-H", "rpi1,rpi2,rpi3,rpi4", "sh", "-c", "echo up; exec sleep 100", ranks=4)
        os.kill(self.one("rpi3", "sleep 100"), signal.SIGKILL)
        begun = time.monotonic()
        _, err = process.communicate(timeout=10)
        self.assertLess(time.monotonic() - begun, 1.5)
        self.assertEqual(process.returncode, 137)
        self.assertRegex(self.last_line(err), r"^prun: rank 2 on rpi3 died: signal 9 \(killed\)")
        self.cluster.wait_idle(1)

    def test_launcher_killed_leaves_nothing_anywhere(self):
        self.start("-H", "rpi1,rpi2,rpi3,rpi4", "-n", "8", "sh", "-c",
                   "trap '' TERM HUP INT; echo up; setsid sleep 101 & sleep 102 & while :; do sleep 0.1; done", ranks=8)
        launcher = [number for number, words in self.cluster.processes("rpi1") if " -H rpi1,rpi2" in words and "prun" in words]
        os.kill(min(launcher), signal.SIGKILL)
        self.cluster.wait_idle(5)

    def test_ctrl_c(self):
        process = self.start("-H", "rpi1,rpi2,rpi3,rpi4", "sh", "-c", "echo up; exec sleep 100", ranks=4)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
        self.assertLess(time.monotonic() - begun, 2)
        self.assertEqual((process.returncode, err), (130, "prun: interrupted\n"))
        self.cluster.wait_idle(1)

    def test_ctrl_c_with_ranks_that_do_not_listen(self):
        process = self.start("-H", "rpi1,rpi2", "sh", "-c", "trap '' TERM INT; echo up; while :; do sleep 0.1; done", ranks=2)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
        self.assertEqual(process.returncode, 130)
        self.assertTrue(1.8 < time.monotonic() - begun < 4)
        self.cluster.wait_idle(1)

    def test_the_ssh_of_one_host_killed(self):
        process = self.start("-H", "rpi1,rpi2,rpi3", "-n", "6", "sh", "-c", "echo up; exec sleep 100", ranks=6)
        os.kill(self.one("rpi1", "ssh -T -x -a -o BatchMode=yes -o ConnectTimeout=15 -o GSSAPIAuthentication=no "
                                 "-o ServerAliveInterval=2 -o ServerAliveCountMax=4 -o IPQoS=0x10 -o ControlMaster=no "
                                 "-o ClearAllForwardings=yes -o EscapeChar=none -o LogLevel=INFO rpi3"), signal.SIGKILL)
        _, err = process.communicate(timeout=10)
        self.assertEqual(process.returncode, 125)
        self.assertRegex(self.last_line(err), r"^prun: lost the connection to rpi3 \(ranks 2, 5\)")
        self.cluster.wait_idle(2)

    def test_the_agent_of_one_host_killed(self):
        process = self.start("-H", "rpi1,rpi2", "sh", "-c", "echo up; setsid sleep 101 & exec sleep 100", ranks=2)
        agents = [number for number, words in self.cluster.processes("rpi2") if "/agent-" in words]
        self.assertEqual(len(agents), 3)  # two of them keepers
        os.kill(max(agents), signal.SIGKILL)
        _, err = process.communicate(timeout=10)
        self.assertEqual(process.returncode, 125)
        self.assertRegex(self.last_line(err), r"^prun: lost the connection to rpi2 \(rank 1\)")
        self.cluster.wait_idle(2)

    def test_a_host_that_loses_its_power_where_ssh_alone_watches(self):
        process = self.start("--node-timeout", "0", "-H", "rpi1,rpi2,rpi4", "sh", "-c", "echo up; exec sleep 100", ranks=3)
        self.cluster.off("rpi4")
        try:
            begun = time.monotonic()
            _, err = process.communicate(timeout=40)
            self.assertLess(time.monotonic() - begun, 25)
            self.assertEqual(process.returncode, 125)
            self.assertRegex(self.last_line(err), r"^prun: lost the connection to rpi4 \(rank 2\)")
        finally:
            self.cluster.on("rpi4")

    def go_on_without(self, harm):
        process = self.start("--on-failure=continue", "-H", "rpi1,rpi2,rpi4", str(PROGRAMS / "survive"), "until-lost", ranks=3)
        harm("rpi4")
        try:
            out, err = process.communicate(timeout=40)
            self.assertEqual((process.returncode, out), (0, "survived\n"), err)
            self.assertRegex(err, r"prun: (lost the connection to rpi4|rpi4 stopped answering \d+ s ago) \(rank 2\).*; the others go on\n")
            self.assertEqual(self.last_line(err), "prun: went on without rank 2 on rpi4")
        finally:
            self.cluster.off("rpi4")
            self.cluster.on("rpi4")

    def test_a_job_goes_on_without_a_host_that_loses_its_power(self):
        self.go_on_without(self.cluster.off)

    def test_a_job_goes_on_without_a_host_whose_cable_is_cut(self):
        self.go_on_without(self.cluster.cut)

    def test_a_farm_finishes_with_one_host_left(self):
        process = self.cluster.popen("rpi1", ["prun", "--on-failure=continue", "-H", "rpi1,rpi2,rpi4",
                                              "prime", "1e10", "--farm", "--progress"])
        self.addCleanup(self.end, process)
        lost = ("rpi2", "rpi4")
        try:
            self.assertRegex(process.stderr.readline(), r"^\d+ of 1024 pieces done")
            for host in lost:
                self.cluster.off(host)
            out, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0, err)
            self.assertIn("\n455052511 primes below 10000000000, found by 3 ranks on 3 hosts\n", out)
            self.assertRegex(err, r"1024 of 1024 pieces done, .*, lost: rpi2 rpi4\n")
            self.assertEqual(self.last_line(err), "prun: went on without rank 1 on rpi2, rank 2 on rpi4")
        finally:
            for host in lost:
                self.cluster.off(host)
                self.cluster.on(host)


if __name__ == "__main__":
    vcluster.main()
