"""Logins, with programs that stand in for ssh."""

import os
import pathlib
import signal
import subprocess
import time
import unittest

from launcher_support import LauncherTest, processes_with, wait_until


class Logins(LauncherTest):
    def ssh(self, script):
        """Another ssh: $host is the host's name, $command what its login shell is to run."""
        return self.write("ssh", '#!/bin/sh\nfor word; do host=$command; command=$word; test "$word" = -- && name=$host; done\n'
                                 'host=$name\n' + script)

    def run_hosts(self, hosts, script, *arguments, program=("true",)):
        return self.run_prun("--launcher-exec", self.ssh(script), "-H", hosts, *arguments, *program)

    def fails(self, script, pattern, *arguments, status=125, hosts="far"):
        done = self.run_hosts(hosts, script, *arguments)
        self.assertEqual(done.status, status, done.err)
        self.assertRegex(done.err, pattern)
        self.assertEqual(done.out, "")
        return done

    def test_a_job_over_ssh(self):
        done = self.run_hosts("one,two,three", 'exec sh -c "$command"', program=("sh", "-c", "echo $PRUN_RANK $PRUN_HOST"))
        self.assertEqual(sorted(done.out.splitlines()), ["0 one", "1 two", "2 three"])
        self.assertQuiet(done)

    dead = 'test $host = dead && { echo "ssh: connect to host dead port 22: No route to host" >&2; exit 255; }; '

    def test_dead_hosts_are_left_out(self):
        done = self.run_hosts("one,dead,three", self.dead + 'exec sh -c "$command"', "--skip-dead",
                              program=("sh", "-c", "echo $PRUN_RANK of $PRUN_SIZE on $PRUN_HOST"))
        self.assertEqual(sorted(done.out.splitlines()), ["0 of 2 on one", "1 of 2 on three"])
        self.assertEqual(done.status, 0)
        self.assertRegex(done.err, r"^prun: dead: left out: there is no way to it through the network .*\n$")

    def test_a_number_of_ranks_stays_and_reserve_hosts_step_in(self):
        done = self.run_hosts("one,dead,three", self.dead + 'exec sh -c "$command"', "--min-hosts", "2", "-n", "2",
                              "-q", program=("sh", "-c", "echo $PRUN_RANK of $PRUN_SIZE on $PRUN_HOST"))
        self.assertEqual(sorted(done.out.splitlines()), ["0 of 2 on one", "1 of 2 on three"])
        self.assertQuiet(done)

    def test_hosts_in_reserve_that_are_not_needed_are_left_alone(self):
        done = self.run_hosts("one,two,three", 'exec sh -c "$command"', "--skip-dead", "-n", "1",
                              program=("sh", "-c", "echo $PRUN_RANK of $PRUN_SIZE on $PRUN_HOST"))
        self.assertEqual(done.out, "0 of 1 on one\n")
        self.assertQuiet(done)

    def test_too_few_hosts(self):
        done = self.fails(self.dead + 'exec sh -c "$command"', r"(?m)^prun: dead: there is no way to it",
                          "--min-hosts", "3", hosts="one,dead,three")
        self.assertEqual(done.last_line, "prun: 2 of 3 hosts can be used, and 3 are needed (--min-hosts)")

    def test_a_program_whose_hosts_are_all_dead(self):
        done = self.run_prun("--launcher-exec", self.ssh(self.dead + 'exec sh -c "$command"'), "--skip-dead",
                             "-H", "one", "true", ":", "-H", "dead", "true")
        self.assertEqual(done.status, 125)
        self.assertEqual(done.last_line, "prun: a program of the job has lost all of its hosts")

    def test_waits_for_a_host_that_boots(self):
        up = self.path("up")
        script = (f'test -e {up} || {{ touch {up}; echo "ssh: connect to host far port 22: Connection refused" >&2; exit 255; }}; '
                  'exec sh -c "$command"')
        done = self.run_hosts("far", script, "--wait-hosts", "20s", program=("echo", "here"))
        self.assertEqual(done.out, "here\n")
        self.assertQuiet(done)

    def test_waits_no_longer_than_it_was_told(self):
        done = self.fails('echo "ssh: connect to host far port 22: Connection refused" >&2; exit 255',
                          r"^prun: far: it is there, but no ssh server listens", "--wait-hosts", "0.5")
        self.assertLess(done.seconds, 5)

    def test_a_refused_key_is_not_waited_for(self):
        done = self.fails('echo "far: Permission denied (publickey)." >&2; exit 255', r"^prun: far: it refuses our ssh key",
                          "--wait-hosts", "25")
        self.assertLess(done.seconds, 5)

    def test_login_shells_of_several_makes(self):
        for shell in ("sh", "bash", "dash", "zsh", "fish", "tcsh", "busybox sh"):
            if subprocess.run(["sh", "-c", f"command -v {shell}"], capture_output=True).returncode != 0:
                continue
            with self.subTest(shell):
                self.assertQuiet(self.run_hosts("far", f'exec {shell} -c "$command"'))

    def test_noise_before_the_greeting(self):
        noise = "printf 'Welcome to far!\\nprun-agent\\nprun-agent 5 \\nno line feed'; "
        done = self.run_hosts("far", noise + 'echo "a banner" >&2; exec sh -c "$command"', program=("echo", "hello"))
        self.assertEqual(done.out, "hello\n")
        self.assertQuiet(done)

    def test_noise_without_end(self):
        self.fails("exec yes", "^prun: far: its login shell prints without end")

    def test_hanging_login(self):
        done = self.fails("sleep 100", r"^prun: far: ssh has neither logged in nor failed within 0.5 s",
                          "--start-timeout", "0.5")
        self.assertLess(done.seconds, 4)

    def test_hanging_agent(self):
        self.fails("printf '\\nprun-shell /x/prun\\n'; sleep 100",
                   r"^prun: far: the login has worked, but prun's agent does not answer within 0.5 s",
                   "--start-timeout", "0.5")

    def test_what_ssh_says(self):
        for words, pattern in {
            "ssh: Could not resolve hostname far: Name or service not known": r"no address is known .*; far\.local was tried too; .* /etc/hosts",
            "ssh: connect to host far port 22: Connection refused": "no ssh server listens .* systemctl enable --now ssh",
            "ssh: connect to host far port 22: No route to host": "no way to it .* ping far",
            "ssh: connect to host far port 22: Connection timed out": "does not answer",
            "Host key verification failed.": "not known here yet .* ssh far",
            "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @": "ssh-keygen -R far",
            "pi@far: Permission denied (publickey).": "refuses our ssh key .* ssh-copy-id far",
            "pi@far: Permission denied (publickey,password).": "refuses our ssh key and would ask for a password.* ssh-copy-id far",
            "something new": r"ssh failed \(something new\)",
        }.items():
            with self.subTest(words):
                done = self.fails(f"echo '{words}' >&2; exit 255", "^prun: far: .*" + pattern)
                self.assertEqual(done.err.count("\n"), 1)

    unknown = 'echo "ssh: Could not resolve hostname $host: Name or service not known" >&2; exit 255; '

    def test_a_name_of_its_own_network_is_tried_once(self):
        """rpi1 has no address where only rpi1.local has one; the user is told."""
        asked = self.path("asked")
        script = f'echo $host >> {asked}; case $host in far.local) exec sh -c "$command";; esac; ' + self.unknown
        done = self.run_hosts("far", script, program=("sh", "-c", "echo $PRUN_HOST"))
        self.assertEqual((done.out, done.status), ("far\n", 0))
        self.assertEqual(done.err, "prun: far: its name has no address here, far.local has\n")
        with open(asked) as file:
            self.assertEqual(file.read(), "far\nfar.local\n")

    def test_a_name_that_neither_network_knows_is_asked_for_twice(self):
        asked = self.path("asked")
        for host, names in (("far", "far\nfar.local\n"), ("far.example", "far.example\n"), ("10.0.0.9", "10.0.0.9\n")):
            with self.subTest(host):
                self.fails(f"echo $host >> {asked}; " + self.unknown, f"^prun: {host}: no address is known for this name", hosts=host)
                with open(asked) as file:
                    self.assertEqual(file.read(), names)
                os.unlink(asked)

    def test_closed_during_login_is_tried_three_times(self):
        count = self.path("count")
        script = f"echo x >> {count}; echo 'Connection closed by 10.0.0.9 port 22' >&2; exit 255"
        self.fails(script, "closed the connection during login")
        with open(count) as file:
            self.assertEqual(len(file.readlines()), 3)

    def test_closed_once(self):
        flag = self.path("flag")
        done = self.run_hosts("far", f"if mkdir {flag} 2>/dev/null; then echo 'kex_exchange_identification: read: "
                                     "Connection reset by peer' >&2; exit 255; fi; exec sh -c \"$command\"")
        self.assertQuiet(done)

    def test_a_processor_without_agent(self):
        done = self.fails("printf '\\nprun-machine vax\\n'; exit 126",
                          "^prun: far: its processor is vax, and prun has no agent for that; in /.* there is [a-z0-9_]+")
        self.assertEqual(done.err.count("\n"), 1)

    def is_sent(self):
        """Runs a job on one host; whether its agent had to be sent."""
        done = self.run_hosts("far", 'exec sh -c "$command"', "-v", program=("echo", "ran"))
        self.assertEqual((done.out, done.status), ("ran\n", 0), done.err)
        return "far: needs the agent" in done.err

    def test_the_agent_is_sent_once(self):
        self.assertTrue(self.is_sent())
        self.assertFalse(self.is_sent())
        cache = self.path("cache/prun")
        [agent] = os.listdir(cache)
        self.assertRegex(agent, "^agent-[a-z0-9_]+-[0-9a-f]{40}$")
        self.assertEqual(os.stat(cache).st_mode & 0o7777, 0o700)
        self.assertEqual(os.stat(f"{cache}/{agent}").st_mode & 0o7777, 0o700)

    def test_a_damaged_agent_is_replaced(self):
        self.assertTrue(self.is_sent())
        cache = self.path("cache/prun")
        [agent] = os.listdir(cache)
        for damage in (b"", b"#!/bin/sh\nexit 0\n", b"\x7fELF", bytes(5000)):
            with self.subTest(damage[:10]):
                with open(f"{cache}/{agent}", "wb") as file:
                    file.write(damage)
                self.assertTrue(self.is_sent())
                self.assertFalse(self.is_sent())

    def test_an_agent_damaged_on_its_way_is_not_started(self):
        self.fails('exec 3<&0; (head -c 1000 <&3; head -c 1 <&3 >/dev/null; printf X; cat <&3) | sh -c "$command"',
                   "^prun: far: prun's agent has not arrived there whole .it is not what was sent.")
        self.assertEqual(os.listdir(self.path("cache/prun")), [])

    def test_an_agent_where_no_home_can_be_written(self):
        done = self.run_hosts("far", f'unset XDG_CACHE_HOME; HOME=/dev/null; TMPDIR={self.path("tmp")}; '
                                     'export HOME TMPDIR; exec sh -c "$command"', program=("echo", "ran"))
        self.assertEqual((done.out, done.status), ("ran\n", 0), done.err)
        os.mkdir(self.path("tmp"))
        done = self.run_hosts("far", f'unset XDG_CACHE_HOME; HOME=/dev/null; TMPDIR={self.path("tmp")}; '
                                     'export HOME TMPDIR; exec sh -c "$command"', program=("sh", "-c", f"ls {self.path('tmp')}"))
        self.assertEqual((done.out, done.status), ("", 0), done.err)

    def test_the_agent_takes_its_time_on_a_slow_line(self):
        agent = next(pathlib.Path(os.environ["PRUN_BIN"]).glob(f"prun-agent-{os.uname().machine}*"))
        slow = "; ".join([f"head -c {agent.stat().st_size // 8}", "sleep 0.3"] * 8)
        line = self.path("line")
        self.assertQuiet(self.run_hosts("far", f'mkfifo {line}; exec 3<&0; (({slow}) <&3; exec cat <&3) >{line} & feeder=$!; '
                                               f'sh -c "$command" <{line}; kill $feeder', "--start-timeout", "1.5"))

    def test_another_make_of_prun(self):
        self.fails("printf '\\nprun-agent 99\\n'; sleep 100", r"its prun is of another make \(prun-agent 99\)")

    def test_garbage_behind_the_greeting(self):
        self.fails("printf '\\nprun-agent 5\\nxxxxxxxx'; sleep 100", "^prun: far: its agent has left .*impossible length")

    def test_a_frame_that_is_not_due(self):
        self.fails("printf '\\nprun-agent 5\\n\\005\\000\\000\\000\\015\\000\\000\\000\\000'; sleep 100",
                   "^prun: far: its agent sent a message of kind 13 while")

    def test_login_that_is_not_allowed(self):
        self.fails("echo 'This account is currently not available.'; exit 1",
                   r"the login ended before prun's agent was there \(This account is currently not available.\)")

    def test_all_failures_are_told_together_and_nothing_is_started(self):
        started = self.path("started")
        done = self.run_hosts("good,bad,worse,alike",
                              'case $host in bad) echo "Permission denied (publickey)" >&2; exit 255;; '
                              "worse | alike) printf '\\nprun-machine vax\\n'; sleep 0.2; exit 126;; esac; exec sh -c \"$command\"",
                              program=("touch", started))
        self.assertEqual(done.status, 125)
        self.assertEqual(done.err.count("\n"), 3)
        self.assertRegex(done.err, "(?m)^prun: bad: it refuses our ssh key")
        self.assertRegex(done.err, "(?m)^prun: (worse, alike|alike, worse): its processor is vax")
        self.assertEqual(done.last_line, "prun: nothing was started on any host")
        self.assertFalse(os.path.exists(started))

    def test_many_faults_are_one_line_each(self):
        """Faults of every kind at once: each host has its line, with the cause and the cure."""
        said = {
            "unknown": "ssh: Could not resolve hostname unknown: Name or service not known",
            "away": "ssh: connect to host away port 22: No route to host",
            "closed": "ssh: connect to host closed port 22: Connection refused",
            "new": "No ED25519 host key is known for new and you have requested strict checking.",
            "changed": "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @",
            "refused": "pi@refused: Permission denied (publickey).",
            "asks": "pi@asks: Permission denied (publickey,password).",
        }
        cases = " ".join(f"{host}*) echo '{words}' >&2; exit 255;;" for host, words in said.items())
        script = f"case $host in {cases} noisy) exec yes;; vax) printf '\nprun-machine vax\n'; exit 126;; " \
                 "old) printf '\nprun-agent 99\n'; sleep 100;; full) printf '\nprun-no-room /home/pi: No space left on device\n'; exit 126;; esac"
        hosts = [*said, "noisy", "vax", "old", "full"]
        done = self.run_hosts(",".join(hosts), script)
        told = {line.split(": ")[1]: line for line in done.err.splitlines()[:-1]}
        self.assertEqual(sorted(told), sorted(hosts), done.err)
        for host, words in {"unknown": "/etc/hosts", "away": "ping away", "closed": "systemctl enable --now ssh",
                            "new": "log in once by hand", "changed": "ssh-keygen -R changed", "refused": "ssh-copy-id refused",
                            "asks": "ssh-copy-id asks", "noisy": ".bashrc or .profile", "vax": "its processor is vax",
                            "old": "install the same on both", "full": "full, read-only"}.items():
            self.assertIn(words, told[host])
        self.assertEqual((done.status, done.last_line), (125, "prun: nothing was started on any host"))

    def test_the_program_is_missing_on_one_host(self):
        os.mkdir(self.path("there"))
        script = f'if test $host = two; then cd /; PATH=/usr/bin:/bin; else PATH={self.folder.name}:$PATH; fi; exec sh -c "$command"'
        self.write("only-on-one", "#!/bin/sh\n")
        done = self.run_hosts("one,two", script, program=("only-on-one",))
        self.assertEqual(done.status, 127)
        self.assertEqual(done.err.splitlines(), ["prun: two: cannot run only-on-one: no folder of PATH has it; install it there, "
                                                 "or type the path that it has",
                                                 "prun: nothing was started on any host"])

    def test_the_connection_dies_while_the_job_runs(self):
        done = self.run_hosts("one,two", 'exec 3<&0; sh -c "$command" <&3 & agent=$!; exec 3<&-; test $host = two && sleep 0.5 && '
                                         'kill -9 $agent && echo "client_loop: send disconnect: Broken pipe" >&2 && exit 255; wait',
                              "-n", "4", program=("sleep", "100"))
        self.assertEqual(done.status, 125)
        self.assertRegex(done.last_line, r"^prun: lost the connection to two \(ranks 1, 3\): client_loop: send disconnect: Broken pipe$")
        self.assertLess(done.seconds, 4)

    def test_hosts_that_are_reached_by_other_means_than_ssh_are_heard_too(self):
        done = self.run_hosts("one,two", 'exec env -u SSH_CONNECTION sh -c "$command"', "--node-timeout", "0.5",
                              program=("sleep", "2"))
        self.assertQuiet(done)

    def test_an_agent_that_says_nothing_any_more(self):
        # Nobody answers datagrams for it here.
        done = self.run_hosts("one,two", 'stop() { for one in $(pgrep -P $1); do stop $one; done; kill -STOP $1; }; '
                                         'exec 3<&0; sh -c "$command" <&3 & agent=$!; exec 3<&-; '
                                         'test $host = two && sleep 1 && stop $agent; wait',
                              "--node-timeout", "0.5", "-n", "4", program=("sleep", "100"))
        self.assertEqual(done.status, 125)
        self.assertRegex(done.last_line, r"^prun: two stopped answering \d\.\d s ago \(ranks 1, 3\)$")

    def test_no_more_logins_at_once_than_the_window(self):
        log = self.path("log")
        script = f'echo in >> {log}; sleep 0.02; sh -c "$command"'
        hosts = ",".join(f"h{number}" for number in range(12))
        done = self.run_hosts(hosts, script, program=("true",))
        self.assertQuiet(done)
        with open(log) as file:
            self.assertEqual(len(file.readlines()), 12)

    def test_starting_takes_one_login_for_each_host_and_all_at_once(self):
        # Nobody gets on before all have come: logins one after the other would never end.
        log = self.path("log")
        hosts = [f"h{number}" for number in range(8)]
        done = self.run_hosts(",".join(f"{host}:4" for host in hosts),
                              f'echo "$host $*" >> {log}; until test $(wc -l < {log}) -ge 8; do sleep 0.01; done; exec sh -c "$command"',
                              program=("sh", "-c", "echo $PRUN_HOST"))
        self.assertQuiet(done)
        self.assertEqual(sorted(done.out.split()), sorted(hosts * 4))
        with open(log) as file:
            logins = [line for line in file.read().splitlines() if " GSSAPIAuthentication=no " in line]
        self.assertEqual(sorted(line.split()[0] for line in logins), hosts)

    def test_ctrl_c_during_logins(self):
        process = self.popen("--launcher-exec", self.ssh("echo up > " + self.path("up") + "; sleep 100"), "-H", "far", "true")
        wait_until(lambda: os.path.exists(self.path("up")), 10, "the login is under way")
        process.send_signal(signal.SIGINT)
        done = self.finish(process)
        self.assertEqual(done.status, 130)
        self.assertLess(done.seconds, 1)

    def test_sigkill_of_prun_ends_the_job_over_ssh(self):
        process = self.popen("--launcher-exec", self.ssh('exec sh -c "$command"'), "-H", "one,two",
                             "sh", "-c", "echo up; setsid sleep 100 & exec sleep 100")
        for _ in range(2):
            self.assertEqual(process.stdout.readline(), b"up\n")
        process.kill()
        process.wait()
        wait_until(lambda: not processes_with(self.token), 5, "nothing is left")

    def test_ssh_that_is_not_installed(self):
        done = self.run_prun("--launcher-exec", "no-such-ssh", "-H", "far", "true")
        self.assertEqual(done.status, 125)
        self.assertEqual(done.err, "prun: far: no-such-ssh is not installed here: no folder of PATH has it\n")

    def test_what_ssh_is_given(self):
        words = self.path("words")
        self.run_prun("--launcher-exec", self.ssh(f'for word; do echo "$word" >> {words}; done; exit 255'),
                      "--ssh-args", "-i key", "-H", "ssh://pi@far:2222", "true")
        with open(words) as file:
            text = file.read().split("\n--\n")[0].splitlines()
        self.assertEqual(text[-1], "pi@far")
        self.assertEqual(text[text.index("-p") + 1], "2222")
        self.assertEqual(text[text.index("-i") + 1], "key")
        for option in ("BatchMode=yes", "ConnectTimeout=15", "GSSAPIAuthentication=no", "ServerAliveInterval=2"):
            self.assertIn(option, text)
        self.assertNotIn("StrictHostKeyChecking", " ".join(text))


if __name__ == "__main__":
    unittest.main()
