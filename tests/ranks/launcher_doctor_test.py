"""prun doctor, with programs that stand in for ssh and for what a host is asked with."""

import json
import os
import pty
import unittest

from launcher_support import LauncherTest


class Doctor(LauncherTest):
    def ssh(self, script):
        """Another ssh: $host is the host's name, $command what its login shell is to run."""
        return self.write("ssh", '#!/bin/sh\nfor word; do host=$command; command=$word; test "$word" = -- && name=$host; done\n'
                                 f'host=$name\nPATH={self.folder.name}/bin:$PATH\n' + script)

    def stand_in(self, name, script):
        os.makedirs(self.path("bin"), exist_ok=True)
        self.write(f"bin/{name}", "#!/bin/sh\n" + script)

    log_in = 'exec sh -c "$command"'

    def examine(self, hosts, *words, script=log_in, links=False):
        """What prun doctor --json tells, and its exit status."""
        done = self.run_prun("doctor", "--json", "--launcher-exec", self.ssh(script), "-H", hosts,
                             *([] if links else ["--no-links"]), *words)
        self.assertEqual(done.err, "")
        told = json.loads(done.out)
        self.assertEqual(told["exit_status"], done.status)
        return told

    def ids(self, told, host=None):
        # What the /etc/hosts of the machine under the test says is not the test's.
        return [one["id"] for one in told["findings"]
                if one["id"] != "own-name-loopback" and (host is None or host in one["hosts"])]

    def finding(self, told, name):
        [found] = [one for one in told["findings"] if one["id"] == name]
        return found

    def test_hosts_that_are_well(self):
        told = self.examine("one,two")
        self.assertEqual(self.ids(told), [])
        for host, name in zip(told["hosts"], ("one", "two")):
            self.assertEqual(host["name"], name)
            self.assertTrue(host["usable"])
            self.assertEqual(host["machine"], os.uname().machine)
            self.assertEqual(host["kernel"], "Linux " + os.uname().release)
            self.assertGreater(host["memory_kb"], 0)
            self.assertEqual(host["agent"], "to_be_sent")
            self.assertLess(abs(host["clock"]["ahead_seconds"]), host["clock"]["error_seconds"] + 0.001)
            self.assertIsNone(host["login_noise"])
        self.assertEqual(told["links"], [])

    def test_the_table(self):
        self.stand_in("vcgencmd", "echo throttled=0x50005")
        done = self.run_prun("doctor", "--no-links", "--launcher-exec", self.ssh(self.log_in), "-H", "one")
        self.assertEqual((done.status, done.err), (1, ""))
        self.assertRegex(done.out, r"^host +address +port +key +login")
        self.assertRegex(done.out, rf"(?m)^one +- +- +ok +quiet \d+\.\d\d s +{os.uname().machine} ")
        self.assertRegex(done.out, r"(?m)^warning  one: its supply voltage is too low .*\n    use the supply .*vcgencmd get_throttled")
        self.assertRegex(done.out, r"\n1 host: 0 failures, \d warnings\n$")

    def test_what_keeps_ssh_out(self):
        for words, name in {
            "ssh: Could not resolve hostname far: Name or service not known": "unknown-name",
            "ssh: connect to host far port 22: Connection refused": "port-closed",
            "ssh: connect to host far port 22: No route to host": "no-route",
            "ssh: connect to host far port 22: Connection timed out": "no-answer",
            "Host key verification failed.": "host-key-unknown",
            "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @": "host-key-changed",
            "pi@far: Permission denied (publickey,password).": "key-refused",
            "something new": "ssh-failed",
        }.items():
            with self.subTest(words):
                told = self.examine("near,far", script=f"test $host = near || {{ echo 'debug1: timed out, no' >&2; echo '{words}' >&2; exit 255; }}; " + self.log_in)
                self.assertEqual(self.ids(told, "far"), [name])
                self.assertEqual(self.ids(told, "near"), [])
                found = self.finding(told, name)
                self.assertEqual((found["severity"], told["exit_status"]), ("failure", 2))
                self.assertRegex(found["repair"], "(ssh|ping|echo|systemctl).*")
                self.assertEqual([host["usable"] for host in told["hosts"]], [True, False])

    def test_a_closed_login_is_tried_again(self):
        flag = self.path("flag")
        told = self.examine("far", script=f"if mkdir {flag} 2>/dev/null; then echo 'kex_exchange_identification: read: "
                                          "Connection reset by peer' >&2; exit 255; fi; " + self.log_in)
        self.assertEqual(self.ids(told), [])

    def test_a_login_that_hangs(self):
        done = self.run_prun("doctor", "--json", "--no-links", "--start-timeout", "0.2", "--launcher-exec",
                             self.ssh("test $host = far && exec sleep 100; " + self.log_in), "-H", "near,far")
        told = json.loads(done.out)
        self.assertEqual(self.ids(told, "far"), ["no-answer"])
        self.assertEqual(self.ids(told, "near"), [])

    def test_a_terminal_shows_who_is_waited_for(self):
        own, other = pty.openpty()
        done = self.run_prun("doctor", "--no-links", "--start-timeout", "0.2", "--launcher-exec",
                             self.ssh("test $host = far && exec sleep 100; " + self.log_in), "-H", "near,far", stderr=other)
        os.close(other)
        said = os.read(own, 65536).decode()
        os.close(own)
        self.assertIn("\r\x1b[Kwaiting for near, far", said)
        self.assertIn("\r\x1b[Kwaiting for far", said)
        self.assertTrue(said.endswith("\r\x1b[K"), said)
        self.assertNotIn("waiting", done.out)

    def test_a_login_that_is_not_allowed(self):
        told = self.examine("far", script="echo 'This account is currently not available.'; exit 1")
        self.assertEqual(self.ids(told), ["login-ended"])
        self.assertIn("This account is currently not available.", told["findings"][0]["sentence"])

    def test_noise_of_the_login_shell(self):
        told = self.examine("one,two", script="test $host = two && printf 'Welcome!\\nno line feed'; " + self.log_in)
        self.assertEqual(self.ids(told, "one"), [])
        self.assertEqual(self.ids(told, "two"), ["login-noise"])
        self.assertEqual(told["hosts"][1]["login_noise"], "Welcome!; no line feed")
        self.assertEqual(told["exit_status"], 1)

    def test_noise_without_end(self):
        self.assertEqual(self.ids(self.examine("far", script="exec yes")), ["login-noise-endless"])

    def test_a_clock_that_is_off(self):
        self.stand_in("date", 'echo $(($(/bin/date +%s) + 100)).000000000')
        told = self.examine("one,two", script="test $host = one && PATH=/usr/bin:/bin; " + self.log_in)
        self.assertEqual(self.ids(told), ["clock-offset"])
        clock = told["hosts"][1]["clock"]
        self.assertLess(abs(clock["ahead_seconds"] - 99.5), 0.6 + clock["error_seconds"])
        self.assertLess(clock["error_seconds"], 2)

    def test_a_clock_that_tells_whole_seconds_only(self):
        self.stand_in("date", "/bin/date +%s.%%N")
        told = self.examine("one")
        self.assertEqual(self.ids(told), [])
        self.assertGreaterEqual(told["hosts"][0]["clock"]["error_seconds"], 0.5)

    def test_a_board_that_is_throttled(self):
        self.stand_in("vcgencmd", "test $1 = get_throttled && echo throttled=0xe0008")
        told = self.examine("one")
        self.assertEqual(self.ids(told), ["throttled"])
        self.assertTrue(told["hosts"][0]["power"]["now"]["hot"])
        self.assertFalse(told["hosts"][0]["power"]["now"]["throttled"])
        self.assertTrue(told["hosts"][0]["power"]["since_start"]["throttled"])

    def test_a_processor_without_agent(self):
        self.stand_in("uname", 'case $1 in -m) echo vax;; *) exec /bin/uname "$@";; esac')
        # An older kernel, which does not tell without uname.
        told = self.examine("one", script='exec sh -c "$(printf %s "$command" | sed s,/proc/sys/kernel/arch,/nowhere,)"')
        self.assertEqual(self.ids(told), ["no-agent"])
        self.assertEqual((told["hosts"][0]["machine"], told["exit_status"]), ("vax", 2))

    def test_two_names_for_one_machine_and_one_name_for_two(self):
        login = ('case $host in one) n=1;; two | three) n=2;; esac; '
                 'SSH_CONNECTION="10.0.0.9 4000 10.0.0.$n 22"; export SSH_CONNECTION; ' + self.log_in)
        self.assertEqual(self.ids(self.examine("one,one,two:2", script=login)), ["one-own-name"])
        self.assertEqual(self.finding(self.examine("two,three", script=login), "two-names")["hosts"], ["two", "three"])

    def test_links_between_hosts_and_nothing_left_on_them(self):
        os.mkdir(self.path("tmp"))
        told = self.examine("one,two,three", links=True, script=f"TMPDIR={self.path('tmp')}; export TMPDIR; " + self.log_in)
        self.assertEqual([(link["from"], link["to"]) for link in told["links"]],
                         [("one", "two"), ("one", "three"), ("two", "three")])
        for link in told["links"]:
            self.assertGreater(link["there_bytes_per_second"], 1e6)
            self.assertGreater(link["back_bytes_per_second"], 1e6)
            self.assertTrue(0 < link["round_trip_seconds"] < 0.1, link)
        self.assertFalse(os.path.exists(self.path("cache/prun")))
        self.assertEqual(os.listdir(self.path("tmp")), [])

    def test_an_agent_that_is_there_is_seen_and_used(self):
        self.assertEqual(self.run_prun("--launcher-exec", self.ssh(self.log_in), "-H", "one", "true").status, 0)
        before = sorted(os.listdir(self.path("cache/prun")))
        told = self.examine("one,two", links=True)
        self.assertEqual(told["hosts"][0]["agent"], "there")
        self.assertEqual(sorted(os.listdir(self.path("cache/prun"))), before)
        self.assertEqual(len(told["links"]), 1)

    def test_a_program(self):
        work = self.write("work", "#!/bin/sh\necho ran > " + self.path("ran") + "\n")
        told = self.examine("one,two", work)
        self.assertEqual((self.ids(told), told["program"]), ([], [work]))
        told = self.examine("one,two", "no-such-program", "--json")
        found = self.finding(told, "program")
        self.assertEqual((sorted(found["hosts"]), found["severity"]), (["one", "two"], "failure"))
        self.assertIn("no folder of PATH has it", found["sentence"])
        self.assertFalse(os.path.exists(self.path("ran")))
        for program, word in ((work, "runs"), ("no-such-program", "fails")):
            done = self.run_prun("doctor", "--no-links", "--launcher-exec", self.ssh(self.log_in), "-H", "one,two", program)
            header, *rows = done.out.splitlines()[:3]
            self.assertEqual([row.split()[-1] for row in (header, *rows)], ["program", word, word])

    def test_this_machine_alone(self):
        done = self.run_prun("doctor", "--json")
        [host] = json.loads(done.out)["hosts"]
        self.assertTrue(host["this_machine"])
        self.assertEqual(host["own_name"], os.uname().nodename)

    def test_words_that_are_not_understood(self):
        for words, said in [(["doctor", "--jsn"], "unknown option '--jsn'"), (["--json", "true"], "--json belongs to prun doctor"),
                            (["doctor", "-H", "one,,["], "-H")]:
            done = self.run_prun(*words)
            self.assertEqual((done.status, done.out), (125, ""))
            self.assertIn(said, done.err)
        done = self.run_prun("doctor", "--help")
        self.assertEqual(done.status, 0)
        self.assertIn("Usage: prun doctor", done.out)


if __name__ == "__main__":
    unittest.main()
