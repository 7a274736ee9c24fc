"""prun at a terminal: a real one (pty), with a shell that has job control where that matters."""

import fcntl
import os
import pty
import re
import select
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest

from launcher_support import LIMIT, PRUN, LauncherTest, processes_with, wait_until


class Terminal:
    """A program on a terminal of its own, and what stands on its screen."""

    def __init__(self, test, argv, rows=24, columns=80, **options):
        self.master, slave = pty.openpty()
        self.resize(rows, columns)
        self.screen = ""
        self.seen = 0

        def take_terminal():
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                        preexec_fn=take_terminal, env=test.environment, **options)
        os.close(slave)
        test.addCleanup(os.close, self.master)
        test.addCleanup(test.end, self.process)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.master, keys.encode())

    def read(self, seconds):
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            got = os.read(self.master, 65536)
        except OSError:  # nobody has the terminal any more
            got = b""
        self.screen += got.decode(errors="replace")
        return bool(got)

    def expect(self, pattern, seconds=LIMIT):
        """Waits until the pattern has come behind what was expected before; its match is returned."""
        deadline = time.monotonic() + seconds
        while True:
            match = re.compile(pattern).search(self.screen, self.seen)
            if match:
                self.seen = match.end()
                return match
            if not self.read(max(0, deadline - time.monotonic())):
                raise AssertionError(f"{pattern!r} has not come; the screen shows {self.screen[self.seen:]!r}")

    def wait(self, seconds=LIMIT):
        """Its exit status; everything it has printed is on the screen then."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            self.read(0.01)
        status = self.process.wait(max(0, deadline - time.monotonic()))
        while self.read(0):
            pass
        return status


class AtATerminal(LauncherTest):
    def setUp(self):
        super().setUp()
        self.environment["TERM"] = "xterm"

    def prun(self, *arguments, **options):
        return Terminal(self, [PRUN, *arguments], **options)

    def shell(self):
        """An interactive bash; its prompt is a dollar sign."""
        terminal = Terminal(self, ["bash", "--norc", "--noprofile", "--noediting", "-i"])
        terminal.type(f"PS1='$ '; prun={shlex.quote(PRUN)}; bind 'set enable-bracketed-paste off' 2>/dev/null; echo go\n")
        terminal.expect(r"go\r\n\$ ")
        return terminal

    @staticmethod
    def state(pid):
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]

    def ranks(self, *numbers):
        ours = set(processes_with(self.token))
        return [min(ours & set(processes_with(f"PRUN_RANK={number}"))) for number in numbers]


class Keys(AtATerminal):
    def test_what_is_typed_goes_to_rank_0_line_by_line(self):
        terminal = self.prun("-n", "2", "cat")
        for line in ("one", "two"):
            terminal.type(line + "\n")
            terminal.expect(f"{line}\r\n{line}\r\n")  # the echo, and cat
        terminal.type("\x04")
        self.assertEqual(terminal.wait(), 0)

    def test_programs_that_wait_in_poll_and_select(self):
        for wait in ("select.select([0], [], [])", "p = select.poll(); p.register(0, select.POLLIN); p.poll()",
                     "e = select.epoll(); e.register(0, select.EPOLLIN); e.poll()"):
            with self.subTest(wait):
                terminal = self.prun(sys.executable, "-c", f"import os, select\n{wait}\nprint('got', os.read(0, 100))")
                terminal.type("line\n")
                terminal.expect(r"got b'line\\n'")
                self.assertEqual(terminal.wait(), 0)

    def test_type_ahead_is_left_to_the_next_program(self):
        done = self.path("done")
        terminal = Terminal(self, ["bash", "-c", f'"{PRUN}" -n 2 sh -c "echo up; while test ! -e {done}; do sleep 0.01; done"; '
                                                 'read line; echo "read: $line"; read line; echo "read: $line"'])
        terminal.expect("up\r\nup\r\n")
        terminal.type("first\nsecond\n")
        terminal.expect("first\r\nsecond\r\n")  # the echo: it is in the terminal
        self.write("done", "")
        terminal.expect("read: first\r\nread: second\r\n")

    def test_a_rank_takes_its_line_and_leaves_the_others(self):
        terminal = Terminal(self, ["bash", "-c", f'"{PRUN}" bash -c "echo up; read line; echo rank: \\$line"; '
                                                 'read line; echo "shell: $line"'])
        terminal.expect("up\r\n")
        terminal.type("first\nsecond\n")
        terminal.expect("rank: first\r\n")
        terminal.expect("shell: second\r\n")

    def test_a_line_for_all_ranks_leaves_the_others(self):
        terminal = Terminal(self, ["bash", "-c", f'"{PRUN}" -n 3 --stdin all bash -c "echo up; read line; echo rank: \\$line"; '
                                                 'read line; echo "shell: $line"; read line; echo "shell: $line"'])
        terminal.expect("up\r\nup\r\nup\r\n")
        terminal.type("first\nsecond\nthird\n")  # at once: two of the three have asked for more than they need
        terminal.expect("rank: first\r\nrank: first\r\nrank: first\r\n")
        terminal.expect("shell: second\r\nshell: third\r\n")

    def test_input_for_all_when_one_leaves(self):
        terminal = Terminal(self, ["bash", "-c", f'"{PRUN}" -n 2 --stdin all bash -c "echo up; if test \\$PRUN_RANK = 0; then '
                                                 'read line; echo one: \\$line; fi; read line; echo rank: \\$line; read line; '
                                                 'echo end: \\$line"'])
        terminal.expect("up\r\nup\r\n")
        terminal.type("a\n")
        terminal.expect("(one|rank): a\r\n(one|rank): a\r\n")
        terminal.type("b\n")
        terminal.expect("(end|rank): b\r\n(end|rank): b\r\n")
        terminal.type("c\n")
        terminal.expect("end: c\r\n")
        self.assertEqual(terminal.wait(), 0)

    def test_neither_flags_nor_settings_of_the_terminal_change(self):
        flags = self.write("flags", f"#!{sys.executable}\nimport fcntl\n"
                                    "print('flags', [fcntl.fcntl(fd, fcntl.F_GETFL) for fd in (0, 1, 2)])\n")
        terminal = Terminal(self, ["sh", "-c", f'{flags}; "{PRUN}" -n 2 bash -c "echo up; read x"; {flags}; echo end'])
        before = termios.tcgetattr(terminal.master)
        terminal.expect("up\r\n")
        self.assertEqual(termios.tcgetattr(terminal.master), before)
        terminal.type("\n")
        terminal.expect("end\r\n")
        self.assertEqual(termios.tcgetattr(terminal.master), before)
        told = re.findall("flags .*", terminal.screen)
        self.assertEqual((len(told), len(set(told))), (2, 1), told)


class JobControl(AtATerminal):
    def test_ctrl_z_stops_the_ranks_and_fg_goes_on_with_them(self):
        shell = self.shell()
        # No loop of short programs: a shell that is just starting one by vfork waits for it, however it is signalled.
        shell.type('"$prun" -n 2 sh -c "echo up; exec sleep 100"\n')
        shell.expect("\nup\r\nup\r\n")
        ranks = self.ranks(0, 1)
        shell.type("\x1a")
        shell.expect(r"Stopped.*prun.*\r\n\$ ")
        wait_until(lambda: {self.state(pid) for pid in ranks} == {"T"}, 5, "the ranks are stopped")
        shell.type("fg\n")
        wait_until(lambda: "T" not in {self.state(pid) for pid in ranks}, 5, "the ranks run again")
        shell.type("\x03")
        shell.expect(r"prun: interrupted\r\n\$ ")
        shell.type("echo status $?\n")
        shell.expect("\nstatus 130\r\n")

    def test_in_the_background_it_is_not_stopped_and_leaves_the_keys_alone(self):
        shell = self.shell()
        shell.type('"$prun" -n 2 bash -c \'echo up; read line; echo "rank: $line"\' &\n')
        shell.expect("up\r\n")
        shell.type("echo mine; jobs\n")
        # What the ranks print may come anywhere between.
        shell.expect("(?s)\nmine\r\n.*Running")
        shell.type("fg\n")
        shell.expect(r"(?s)fg\r\n.*prun[^\r]*\r\n")
        shell.type("theirs\n")
        shell.expect("\nrank: theirs\r\n")
        shell.expect(r"\$ ")

    def test_ctrl_c_and_ctrl_backslash(self):
        for key, words, status in (("\x03", "interrupted", 130), ("\x1c", r"asked to quit \(SIGQUIT\)", 131)):
            with self.subTest(words):
                shell = self.shell()
                shell.type('"$prun" -n 2 sh -c "echo up; exec sleep 100"; echo status $?\n')
                shell.expect("\nup\r\nup\r\n")
                shell.type(key)
                shell.expect(f"prun: {words}\r\nstatus {status}\r\n")
                self.assertEqual(set(processes_with("PRUN_RANK=0")) & set(processes_with(self.token)), set())


class TerminalOfARank(AtATerminal):
    def test_it_is_one_of_the_right_size(self):
        terminal = self.prun("--tty", "-n", "2", "sh", "-c",
                             "test $PRUN_RANK = 1 && exit; stty size; echo $TERM; test -t 0 && test -t 1 && test -t 2 && echo all",
                             rows=31, columns=77)
        terminal.expect("31 77\r+\n")
        terminal.expect("xterm\r+\nall\r+\n")
        self.assertEqual(terminal.wait(), 0)

    def test_its_size_follows(self):
        code = ("import os, signal, sys\n"
                "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGWINCH})\n"
                "print('up', flush=True)\n"
                "while os.get_terminal_size(0) != (50, 40): signal.sigwait({signal.SIGWINCH})\n"
                "print('now', *os.get_terminal_size(0))\n")
        terminal = self.prun("--tty", sys.executable, "-c", code, rows=30, columns=100)
        terminal.expect("up")
        terminal.resize(40, 50)
        terminal.expect("now 50 40")
        self.assertEqual(terminal.wait(), 0)

    def test_keys_go_there_and_the_users_terminal_comes_back(self):
        terminal = self.prun("--tty", "bash", "-c", "trap 'echo caught' INT; echo up; read -n 1 key; echo \"key $key\"; read line")
        before = termios.tcgetattr(terminal.master)
        terminal.expect("up")
        wait_until(lambda: termios.tcgetattr(terminal.master) != before, 10, "the terminal is the rank's")
        terminal.type("k")  # without a line feed
        terminal.expect("key k")
        terminal.type("\x03")
        terminal.expect("caught")
        terminal.type("\x04")
        terminal.wait()
        self.assertEqual(termios.tcgetattr(terminal.master), before)

    def test_when_the_rank_is_gone_keys_are_the_users_again(self):
        terminal = self.prun("--tty", "-n", "2", "--restart", "1", "sh", "-c",
                             "test $PRUN_RANK$PRUN_INCARNATION = 00 || exec sleep 100; read line; kill -KILL $$")
        terminal.type("line\n")
        terminal.expect("rank 0 on .* starts again")
        terminal.type("\x03")
        terminal.expect("prun: interrupted")
        self.assertEqual(terminal.wait(), 130)

    def test_another_rank(self):
        done = self.run_prun("--tty", "--stdin", "1", "-n", "2", "sh", "-c", "test -t 1 && echo rank $PRUN_RANK; true")
        self.assertEqual(done.out, "rank 1\r\n")
        self.assertQuiet(done)

    def test_input_from_elsewhere_ends(self):
        done = self.run_prun("--tty", "sh", "-c", "stty -echo; cat; echo end", data=b"line\n")
        self.assertIn("line\r\nend\r\n", done.out)
        self.assertQuiet(done)

    def test_not_together_with_input_for_all(self):
        done = self.run_prun("--tty", "--stdin", "all", "-n", "2", "cat")
        self.assertEqual((done.status, done.err.count("\n")), (125, 1))
        self.assertIn("--tty gives one rank a terminal", done.err)


class OwnLines(AtATerminal):
    """What prun says itself while a rank's line is not finished."""

    def test_begin_a_line(self):
        go, done = self.path("go"), self.path("done")
        script = (f'if test $PRUN_RANK = 0; then printf half; while test ! -e {done}; do sleep 0.02; done; echo rest; '
                  f'else while test ! -e {go}; do sleep 0.02; done; fi')
        for words in ((), ("--output", "raw"), ("--tty",)):
            with self.subTest(words):
                terminal = self.prun("-v", *words, "-n", "2", "sh", "-c", script)
                terminal.expect("half")
                self.write("go", "")
                terminal.expect(r"prun:.* rank 1 on .* exited")
                self.assertRegex(terminal.screen, r"half\r\n(\x1b\[[0-9]*m)?prun:")
                self.write("done", "")
                terminal.expect(r"\r\nrest\r+\n")
                self.assertEqual(terminal.wait(), 0)
                os.remove(go)
                os.remove(done)


class WhileItStarts(AtATerminal):
    def stand_in(self, script):
        return self.write("ssh", '#!/bin/sh\nfor word; do host=$command; command=$word; test "$word" = -- && name=$host; done\n'
                                 'host=$name\n' + script)

    def test_who_is_waited_for_and_why(self):
        go = self.path("go")
        ssh = self.stand_in(f"case $host in slow) while test ! -e {go}; do sleep 0.02; done;; "
                            f"agent) printf '\\nprun-shell /x/prun\\n'; while test ! -e {go}; do sleep 0.02; done;; esac\n"
                            'exec sh -c "$command"')
        terminal = self.prun("--launcher-exec", ssh, "-H", "fast,slow,agent", "echo", "ran")
        terminal.expect(r"prun: waiting for 2 hosts: slow \(ssh login\), agent \(its agent\), 3 s")
        terminal.expect(r"\r\x1b\[Kprun: waiting for 2 hosts: .*, 4 s")
        self.write("go", "")
        terminal.expect(r"\r\x1b\[K")
        terminal.expect("ran\r\nran\r\nran\r\n")
        self.assertEqual(terminal.wait(), 0)
        self.assertNotIn("waiting", terminal.screen[terminal.screen.rindex("\x1b[K"):])

    def test_failures_are_told_where_the_line_stood(self):
        terminal = self.prun("--launcher-exec", self.stand_in("sleep 100"), "--start-timeout", "3.2", "-H", "far", "true", columns=40)
        shown = terminal.expect(r"prun: (waiting for .*, 3 s)").group(1)
        self.assertLess(len("prun: " + shown), 40)
        terminal.expect(r"\r\x1b\[Kprun: far: ssh has neither logged in nor failed within 3.2 s")
        self.assertEqual(terminal.wait(), 125)

    def test_quiet_shows_nothing(self):
        terminal = self.prun("-q", "--launcher-exec", self.stand_in('sleep 3.3; exec sh -c "$command"'), "-H", "far", "echo", "ran")
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual(terminal.screen, "ran\r\n")


class LoopsOfTheShell(LauncherTest):
    """while read host; do prun ...; done loses no line, from wherever they come."""

    def lines(self, script):
        done = subprocess.run(["bash", "-c", script, PRUN, self.write("hosts", "one\ntwo\nthree\nfour\n", 0o644)], env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.splitlines()

    def test_a_program_that_reads_nothing(self):
        loop = 'while read host; do "$0" -n 2 sh -c "test \\$PRUN_RANK = 1 || echo $host"; done'
        for name, script in (("file", f'{loop} <"$1"'), ("pipe", f'cat "$1" | {loop}'), ("here", f'{loop} <<<"$(cat "$1")"')):
            with self.subTest(name):
                self.assertEqual(self.lines(script), ["one", "two", "three", "four"])

    def test_a_program_that_reads_a_line(self):
        loop = 'while read host; do "$0" bash -c "read next; echo $host \\$next"; done'
        for name, script in (("file", f'{loop} <"$1"'), ("pipe", f'cat "$1" | {loop}')):
            with self.subTest(name):
                self.assertEqual(self.lines(script), ["one two", "three four"])

    def test_what_the_program_has_read_is_gone(self):
        self.assertEqual(self.lines('cat "$1" | { "$0" -n 2 wc -l; cat; }').count("4"), 1)
        self.assertEqual(self.lines('{ "$0" cat; echo rest; cat; } <"$1"'), ["one", "two", "three", "four", "rest"])

    def test_all_ranks_read_and_leave_the_rest(self):
        loop = 'while read host; do "$0" --stdin all -n 2 bash -c "read next; echo $host \\$next"; done'
        for name, script in (("file", f'{loop} <"$1"'), ("pipe", f'cat "$1" | {loop}')):
            with self.subTest(name):
                self.assertEqual(self.lines(script), ["one two", "one two", "three four", "three four"])

    def test_what_no_rank_of_all_has_read_is_left(self):
        loop = 'while read host; do "$0" --stdin all -n 2 sh -c "test \\$PRUN_RANK = 1 || echo $host"; done'
        for name, script in (("file", f'{loop} <"$1"'), ("pipe", f'cat "$1" | {loop}')):
            with self.subTest(name):
                self.assertEqual(self.lines(script), ["one", "two", "three", "four"])

    def test_what_one_rank_of_all_has_read_is_gone(self):
        script = '{ "$0" --stdin all -n 2 bash -c "test \\$PRUN_RANK = 1 && read next; true"; cat; }'
        for name, command in (("file", f'{script} <"$1"'), ("pipe", f'cat "$1" | {script}')):
            with self.subTest(name):
                self.assertEqual(self.lines(command), ["two", "three", "four"])

    def test_none_leaves_all(self):
        self.assertEqual(self.lines('cat "$1" | { "$0" --stdin none -n 2 cat; cat; }'), ["one", "two", "three", "four"])


class CompletionOfZsh(AtATerminal):
    def setUp(self):
        super().setUp()
        if shutil.which("zsh") is None:
            self.skipTest("no zsh here")
        folder = os.path.join(os.environ["PRUN_SOURCE"], "launcher/completion")
        self.terminal = Terminal(self, ["zsh", "-f", "-i"], columns=200)
        # In front of zsh's own, which knows another prun. The key ^X tells what stands in the line by now, and empties it.
        self.terminal.type(f"PS1='$ '; fpath=({shlex.quote(folder)} $fpath); autoload -Uz compinit && compinit -u -D; setopt no_beep; "
                           "tell() { print; print -r -- \"line: $BUFFER;\"; BUFFER=; zle redisplay }; "
                           "zle -N tell; bindkey '^X' tell; echo g''o\n")
        self.terminal.expect("\ngo\r\n")

    def test_a_word_that_can_be_but_one(self):
        for begun, whole in (("--hostf", "--hostfile"), ("--stdin a", "--stdin all"), ("-n 4 --map-by n", "-n 4 --map-by node"),
                             ("doctor --js", "doctor --json"), ("cache --cl", "cache --clear")):
            with self.subTest(begun):
                self.terminal.type(f"prun {begun}\t\x18")
                self.assertEqual(self.terminal.expect("line: (.*);")[1].rstrip(), f"prun {whole}")

    def test_words_to_choose_from(self):
        self.terminal.type("prun --bind-to \t\t")
        self.terminal.expect("core +none")


if __name__ == "__main__":
    unittest.main()
