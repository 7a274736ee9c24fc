"""prun on this machine with programs that know nothing of it."""

import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import time
import unittest

from launcher_support import LIMIT, MIB, PRUN, LauncherTest, processes_with, wait_until


class Ranks(LauncherTest):
    def test_each_rank_knows_its_place(self):
        done = self.run_prun("-n", "4", "sh", "-c", "echo $PRUN_RANK $PRUN_SIZE $PRUN_LOCAL_RANK $PRUN_HOST")
        host = os.uname().nodename
        self.assertEqual(sorted(done.out.splitlines()), [f"{rank} 4 {rank} {host}" for rank in range(4)])
        self.assertQuiet(done)

    def test_one_rank_without_being_told_how_many(self):
        done = self.run_prun("sh", "-c", "echo $PRUN_RANK of $PRUN_SIZE")
        self.assertEqual(done.out, "0 of 1\n")
        self.assertQuiet(done)

    def test_several_programs_are_one_world(self):
        done = self.run_prun("-l", "-n", "1", "sh", "-c", "echo master of $PRUN_SIZE in $PWD with $WHO", ":",
                             "-n", "2", "-x", "WHO=me", "--wdir", "/", "sh", "-c", "echo worker of $PRUN_SIZE in $PWD with $WHO")
        host = os.uname().nodename
        self.assertEqual(sorted(done.out.splitlines()),
                         [f"[0@{host}] master of 3 in {os.getcwd()} with",
                          f"[1@{host}] worker of 3 in / with me", f"[2@{host}] worker of 3 in / with me"])
        self.assertQuiet(done)

    def test_input_for_all_and_for_none(self):
        for who, counts in (("all", ["3", "3", "3"]), ("none", ["0", "0", "0"]), ("2", ["0", "0", "3"])):
            with self.subTest(who):
                done = self.run_prun("--stdin", who, "-n", "3", "sh", "-c", "echo $PRUN_RANK $(wc -l)", data=b"a\nb\nc\n")
                self.assertEqual(sorted(done.out.splitlines()), [f"{rank} {count}" for rank, count in enumerate(counts)])
                self.assertQuiet(done)

    def test_input_for_all_where_one_leaves_early(self):
        data = b"0123456789abcde\n" * 100000
        done = self.run_prun("--stdin", "all", "-n", "3", "sh", "-c", "test $PRUN_RANK = 1 || wc -c", data=data)
        self.assertEqual(done.out.split(), [str(len(data))] * 2)
        self.assertQuiet(done)

    def test_input_for_a_rank_that_is_not_there(self):
        done = self.run_prun("--stdin", "2", "-n", "2", "cat")
        self.assertEqual((done.status, done.err), (125, "prun: --stdin 2: the last rank of this job is 1\n"))

    def test_bound_to_a_core_each(self):
        cores = sorted(os.sched_getaffinity(0))
        done = self.run_prun("--bind-to", "core", "-n", str(len(cores)), sys.executable, "-c",
                             "import os; print(*sorted(os.sched_getaffinity(0)))")
        self.assertQuiet(done)
        bound = [set(map(int, line.split())) for line in done.out.splitlines()]
        self.assertEqual(set().union(*bound), set(cores))
        self.assertTrue(all(len(one) < len(cores) for one in bound) or len(set(map(frozenset, bound))) == 1)

    def test_not_bound_without_being_asked(self):
        done = self.run_prun("-n", "2", sys.executable, "-c", "import os; print(*sorted(os.sched_getaffinity(0)))")
        self.assertEqual(done.out, (" ".join(map(str, sorted(os.sched_getaffinity(0)))) + "\n") * 2)

    def test_this_machine_alone_needs_no_folder(self):
        home = self.path("home")
        os.mkdir(home)
        environment = {name: value for name, value in self.environment.items() if not name.startswith("XDG_")}
        done = self.run_prun("-n", "2", "true", env=dict(environment, HOME=home, PRUN_PERSIST="yes"))
        self.assertEqual((done.status, done.err, os.listdir(home)), (0, "", []))

    def test_environment_of_the_users_or_not(self):
        environment = dict(self.environment, MINE="1", YOURS="2")
        for options, expected in ((["-genvnone"], " \n"), (["-genvlist", "YOURS"], " 2\n"), (["--unset-env", "MINE"], " 2\n"),
                                  (["-genvnone", "-x", "MINE"], "1 \n"), (["-genvall"], "1 2\n")):
            with self.subTest(options):
                done = self.run_prun(*options, "sh", "-c", 'echo "$MINE $YOURS"; test -n "$HOME"', env=environment)
                self.assertEqual(done.out, expected)
                self.assertQuiet(done)

    def test_programs_of_a_folder(self):
        self.write("greet", "#!/bin/sh\necho hello\n")
        done = self.run_prun("--path", self.path(""), "greet")
        self.assertEqual(done.out, "hello\n")
        self.assertQuiet(done)

    def test_a_dry_run_starts_nothing(self):
        done = self.run_prun("--dry-run", "-H", "far,away", "-n", "3", "touch", self.path("started"), ":", "-n", "1", "./other")
        self.assertIn("4 ranks on 2 hosts\n", done.out)
        self.assertIn("     3  away  ./other\n", done.out)
        self.assertQuiet(done)
        self.assertFalse(os.path.exists(self.path("started")))

    def test_how_every_rank_has_ended(self):
        host = os.uname().nodename
        done = self.run_prun("-print-all-exitcodes", "-n", "2", "sh", "-c", "test $PRUN_RANK = 0 || { sleep 0.2; exit 3; }")
        self.assertEqual(done.status, 3)
        self.assertEqual(done.err.splitlines()[:2], [f"prun: rank 0 on {host} exited with status 0",
                                                     f"prun: rank 1 on {host} exited with status 3"])

    def test_its_process_id(self):
        process = self.popen("--report-pid", self.path("pid"), "true")
        self.assertQuiet(self.finish(process))
        with open(self.path("pid")) as file:
            self.assertEqual(file.read(), f"{process.pid}\n")
        done = self.run_prun("--report-pid", self.path("no/pid"), "true")
        self.assertEqual(done.status, 125)
        self.assertIn("--report-pid: cannot write", done.err)

    def test_signals_that_were_asked_for(self):
        script = "trap 'echo window; exit 0' WINCH; echo up; while :; do sleep 0.05; done"
        process = self.popen("--forward-signals", "WINCH", "sh", "-c", script)
        self.assertEqual(process.stdout.readline(), b"up\n")
        process.send_signal(signal.SIGWINCH)
        done = self.finish(process)
        self.assertEqual((done.out, done.status), ("window\n", 0))

    def test_more_ranks_than_cores_are_worth_one_note(self):
        cores = len(os.sched_getaffinity(0))
        environment = {name: value for name, value in self.environment.items() if name != "PRUN_OPTIONS"}
        for options, noted in ((["-n", str(cores)], False), (["-n", str(cores + 1)], True),
                               (["-q", "-n", str(cores + 1)], False), (["--oversubscribe", "-n", str(cores + 1)], False)):
            with self.subTest(options):
                done = self.run_prun(*options, "true", env=environment)
                self.assertEqual(done.status, 0)
                self.assertEqual(done.err.count("\n"), 1 if noted else 0, done.err)
                if noted:
                    self.assertIn(f": {cores + 1} ranks share ", done.err)

    def test_settings_of_the_user(self):
        os.makedirs(self.path("prun"))
        self.write("prun/prun.conf", "label\nn = 2\nx = WHO=me\n", 0o644)
        done = self.run_prun("sh", "-c", "echo $WHO")
        host = os.uname().nodename
        self.assertEqual(sorted(done.out.splitlines()), [f"[0@{host}] me", f"[1@{host}] me"])
        self.assertQuiet(done)

    def test_completion_of_bash(self):
        if subprocess.run(["sh", "-c", "command -v bash"], capture_output=True).returncode != 0:
            self.skipTest("no bash here")
        source = os.path.join(os.environ["PRUN_SOURCE"], "launcher/completion/prun.bash")
        script = ('source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _prun; printf "%s\\n" "${COMPREPLY[@]}"')
        for words, expected in ((["--hostf"], ["--hostfile"]), (["-n", "4", "--map-by", "n"], ["node"]),
                                (["-n", "1", "true", "x", ":", "--unset"], ["--unset-env"]),
                                (["--stdin", "a"], ["all"]), (["--bind-to", ""], ["none", "core"])):
            with self.subTest(words):
                done = subprocess.run(["bash", "--norc", "-c", script, source, "prun", *words], stdin=subprocess.DEVNULL,
                                      capture_output=True, text=True, timeout=20, check=True)
                self.assertEqual((done.stdout.split(), done.stderr), (expected, ""))

    def test_output_in_files(self):
        done = self.run_prun("-n", "2", "--output-dir", self.path("out/deep"), "sh", "-c", "echo $PRUN_RANK; echo bad >&2; printf end")
        self.assertEqual(sorted(done.out.replace("end", "").split()), ["0", "1"])
        for rank in range(2):
            self.assertEqual(pathlib.Path(self.path(f"out/deep/rank.{rank}.out")).read_text(), f"{rank}\nend")
            self.assertEqual(pathlib.Path(self.path(f"out/deep/rank.{rank}.err")).read_text(), "bad\n")

    def test_output_of_all_in_one_file(self):
        done = self.run_prun("-n", "3", "-outfile", self.path("all"), "seq", "50000")
        self.assertEqual(done.out, "")
        self.assertQuiet(done)
        with open(self.path("all")) as file:
            self.assertEqual(sorted(map(int, file.read().split())), sorted(list(range(1, 50001)) * 3))

    def test_files_that_cannot_be_written(self):
        done = self.run_prun("-outfile", self.path("file/x"), "touch", self.write("file", ""))
        self.assertEqual(done.status, 125)
        self.assertIn("cannot write", done.err)
        if os.path.exists("/dev/full"):
            done = self.run_prun("-outfile", "/dev/full", "echo", "x")
            self.assertEqual((done.status, done.err), (125, "prun: cannot write /dev/full: No space left on device\n"))

    def test_what_is_shown(self):
        host = os.uname().nodename
        for options, out in ((["--output-from", "1-2"], "1\n2\n"), (["--prepend-pattern", "%r/%p/%%: "], "0/0/%: 0\n1/0/%: 1\n2/0/%: 2\n"),
                             (["--output", "tag"], f"[0@{host}] 0\n[1@{host}] 1\n[2@{host}] 2\n")):
            with self.subTest(options):
                done = self.run_prun("-n", "3", *options, "sh", "-c", "echo $PRUN_RANK")
                self.assertEqual(sorted(done.out.splitlines()), out.splitlines())
                self.assertQuiet(done)
        self.assertRegex(self.run_prun("--timestamp-output", "echo", "x").out, r"^\d\d:\d\d:\d\d\.\d\d\d x\n$")
        done = self.run_prun("--merge", "sh", "-c", "echo out; echo bad >&2")
        self.assertEqual(sorted(done.out.split()), ["bad", "out"])
        self.assertQuiet(done)

    def test_raw_output_does_not_wait_for_a_line(self):
        process = self.popen("--raw", "-l", "sh", "-c", "printf ab; read line; echo $line", stdin=subprocess.PIPE)
        self.assertEqual(process.stdout.read(2), b"ab")
        self.assertEqual(self.finish(process, b"c\n").out, "c\n")

    def test_no_place_but_this_machine(self):
        done = self.run_prun("-H", "localhost", "--nolocal", "true")
        self.assertEqual(done.status, 125)
        self.assertIn("--nolocal leaves no host to run on", done.err)

    def test_a_program_that_is_missing_keeps_the_others_from_starting(self):
        done = self.run_prun("-n", "1", "touch", self.path("started"), ":", "-n", "1", "./no-such-program")
        self.assertEqual(done.status, 127)
        self.assertIn("cannot run ./no-such-program", done.err)
        self.assertFalse(os.path.exists(self.path("started")))

    def test_every_rank_leads_a_process_group_and_inherits_nothing_else(self):
        code = (
            "import os; links = {int(f): os.readlink('/proc/self/fd/' + f) for f in os.listdir('/proc/self/fd')"
            " if os.path.exists('/proc/self/fd/' + f)};"
            "shared = [f for f in links if links[f].startswith('/memfd:prun')];"
            "print(os.getpgrp() == os.getpid(), len(shared),"
            " [f for f in links if f > 2 and f not in shared] == [int(os.environ['PRUN_FD'])])"
        )
        read, write = os.pipe()
        os.set_inheritable(read, True)
        try:
            done = self.run_prun("-n", "2", sys.executable, "-c", code, close_fds=False)
        finally:
            os.close(read)
            os.close(write)
        self.assertEqual(done.out, "True 2 True\n" * 2)  # the memory that the ranks of a host share, and the clock
        self.assertQuiet(done)

    def test_signals_are_at_their_defaults(self):
        def ignore():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2, signal.SIGCHLD})

        done = self.run_prun("cat", "/proc/self/status", preexec_fn=ignore)
        self.assertEqual(re.findall(r"(?m)^Sig(?:Blk|Ign|Cgt):\t(\w+)$", done.out), ["0" * 16] * 3)
        self.assertQuiet(done)

    def test_no_secret_stands_in_the_environment_or_arguments(self):
        done = self.run_prun("-n", "1", "sh", "-c", "env; cat /proc/$PPID/cmdline | tr '\\0' '\\n'")
        ours = [line for line in done.out.splitlines() if line.startswith("PRUN_") and "TEST" not in line]
        names = sorted(line.partition("=")[0] for line in ours)
        known = {"PRUN_RANK", "PRUN_SIZE", "PRUN_LOCAL_RANK", "PRUN_HOST", "PRUN_INCARNATION", "PRUN_FD", "PRUN_BIN", "PRUN_SOURCE", "PRUN_OPTIONS", "PRUN_PERSIST"}
        self.assertLessEqual(set(names), known)
        self.assertRegex(done.out, r"(?m)^agent$")

    def test_tuning_shows_prediction_beside_measurement(self):
        done = self.run_prun("--tune", "-n", "3")
        self.assertQuiet(done)
        self.assertRegex(done.out, r"on one host: +latency +[0-9.]+ us +[0-9.]+ Mbit/s\n")
        for operation in ("bcast", "allreduce", "alltoall", "gather"):
            row = rf"(?m)^{operation} +1 MiB +\w+ +(?:-|\d+ KiB) +\d+\.\d+ +\d+\.\d+ +\d+\.\d+$"
            self.assertRegex(done.out, row)

    def test_tuning_needs_more_than_one_rank(self):
        done = self.run_prun("--tune")
        self.assertNotEqual(done.status, 0)
        self.assertIn("prun --tune -H rpi1,rpi2", done.err)

    def test_more_ranks_than_descriptors(self):
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 4096))

        done = self.run_prun("-n", "40", "sh", "-c", "ulimit -n", preexec_fn=few)
        self.assertEqual(done.out, "64\n" * 40)
        self.assertQuiet(done)

    def test_more_ranks_than_cores(self):
        done = self.run_prun("-n", "40", "sh", "-c", "echo $PRUN_RANK")
        self.assertEqual(sorted(map(int, done.out.split())), list(range(40)))
        self.assertQuiet(done)


class Environment(LauncherTest):
    def test_variables(self):
        self.environment["SHADE"] = "dark"
        done = self.run_prun("-x", "COLOUR=red", "-x", "SHADE", "-genv", "SIZE", "big one", "sh", "-c",
                             'echo "$COLOUR $SHADE $SIZE"')
        self.assertEqual(done.out, "red dark big one\n")

    def test_ranks_run_where_prun_was_started(self):
        done = self.run_prun("-n", "2", "pwd", cwd=self.folder.name)
        self.assertEqual(done.out, (os.path.realpath(self.folder.name) + "\n") * 2)
        self.assertQuiet(done)

    def test_wdir(self):
        os.mkdir(self.path("sub"))
        done = self.run_prun("--wdir", "sub", "pwd", cwd=self.folder.name)
        self.assertEqual(done.out, os.path.realpath(self.path("sub")) + "\n")

    def test_wdir_that_is_not_there(self):
        done = self.run_prun("--wdir", "/no/such/folder", "pwd")
        self.assertEqual(done.status, 125)
        self.assertIn("/no/such/folder is not there", done.err)

    def test_links_in_the_path_of_the_folder_are_kept(self):
        os.mkdir(self.path("real"))
        os.symlink("real", self.path("link"))
        environment = dict(self.environment, PWD=self.path("link"))
        done = self.run_prun("sh", "-c", "echo $PWD", cwd=self.path("link"), env=environment)
        self.assertEqual(done.out, self.path("link") + "\n")


class Output(LauncherTest):
    def test_long_lines_of_several_ranks_stay_whole(self):
        code = (
            "import os, sys\n"
            "letter = 'abcd'[int(os.environ['PRUN_RANK'])]\n"
            "for length in [1, 100, 5000, 20000] * 20:\n"
            "    line = letter * length + '\\n'\n"
            "    while line:\n"
            "        sys.stdout.write(line[:777]); sys.stdout.flush(); line = line[777:]\n"
        )
        done = self.run_prun("-n", "4", sys.executable, "-c", code)
        lines = done.out.splitlines()
        self.assertEqual(len(lines), 4 * 80)
        for line in lines:
            self.assertEqual(line, line[0] * len(line))
            self.assertIn(len(line), (1, 100, 5000, 20000))
        self.assertQuiet(done)

    def test_standard_error_stays_apart(self):
        done = self.run_prun("-n", "2", "sh", "-c", "echo out; echo err >&2")
        self.assertEqual(done.out, "out\nout\n")
        self.assertEqual(done.err, "err\nerr\n")

    def test_labels(self):
        host = os.uname().nodename
        done = self.run_prun("-l", "-n", "2", "sh", "-c", "echo one; echo two >&2")
        self.assertEqual(sorted(done.out.splitlines()), [f"[{rank}@{host}] one" for rank in range(2)])
        self.assertEqual(sorted(done.err.splitlines()), [f"[{rank}@{host}] two" for rank in range(2)])

    def test_every_byte_arrives(self):
        print_it = "head -c 5000000 /dev/zero | tr '\\0' x; echo"
        self.assertEqual(self.run_prun("sh", "-c", print_it).out, "x" * 5000000 + "\n")
        self.assertEqual(self.run_prun("-n", "3", "sh", "-c", print_it).out.count("x"), 3 * 5000000)

    def test_last_line_without_line_feed(self):
        done = self.run_prun("printf", "no end")
        self.assertEqual(done.out, "no end")

    def test_a_reader_that_stands_still_holds_the_ranks_back(self):
        process = self.popen("-n", "2", "sh", "-c", f"yes {self.token}")
        process.stdout.read(1)

        def memory():
            with open(f"/proc/{process.pid}/status") as file:
                return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))

        # The ranks are asleep in their writes once the window is used up.
        def all_blocked():
            states = []
            for pid in processes_with(f"yes\0{self.token}"):
                with open(f"/proc/{pid}/wchan") as file:
                    states.append("pipe_write" in file.read())
            return len(states) >= 2 and all(states)

        wait_until(all_blocked, 10, "the ranks wait in a write")
        self.assertLess(memory(), 64 * MIB)
        process.kill()

    def test_a_reader_that_leaves_ends_the_job_quietly(self):
        process = self.popen("-n", "2", "yes")
        process.stdout.read(10)
        process.stdout.close()
        status = process.wait(10)
        self.assertEqual(process.stderr.read(), b"")
        self.assertEqual(status, 128 + signal.SIGPIPE)

    def test_output_of_a_process_left_behind_is_waited_for_a_second_only(self):
        done = self.run_prun("sh", "-c", "(sleep 0.2; echo late; sleep 100) & echo early")
        self.assertEqual(done.out, "early\nlate\n")
        self.assertLess(done.seconds, 5)
        self.assertQuiet(done)


class Input(LauncherTest):
    def test_rank_0_alone_gets_it(self):
        done = self.run_prun("-l", "-n", "3", "sh", "-c", "wc -c", data=b"12345\n")
        counts = {line[1]: int(line.split()[-1]) for line in done.out.splitlines()}
        self.assertEqual(counts, {"0": 6, "1": 0, "2": 0})

    def test_a_lot_of_it(self):
        data = os.urandom(1 << 16) * 160
        done = self.run_prun("-n", "2", "md5sum", data=data)
        expected = subprocess.run(["md5sum"], input=data, capture_output=True, check=True).stdout.decode()
        self.assertIn(expected, done.out)
        self.assertQuiet(done)

    def test_what_the_rank_does_not_read(self):
        done = self.run_prun("head", "-n", "1", data=b"first\n" + b"more\n" * 1000000)
        self.assertEqual(done.out, "first\n")
        self.assertQuiet(done)

    def test_a_rank_that_closes_its_input_and_runs_on(self):
        done = self.run_prun("sh", "-c", "exec <&-; sleep 0.3; echo on", data=b"x" * 1000000)
        self.assertEqual(done.out, "on\n")
        self.assertQuiet(done)

    def test_input_that_never_ends_does_not_hold_the_job(self):
        process = self.popen("true", stdin=subprocess.PIPE)
        self.assertEqual(process.wait(10), 0)

    def test_closed_input(self):
        done = self.run_prun("cat", stdin=None, preexec_fn=lambda: os.close(0))
        self.assertQuiet(done)


class ExitStatus(LauncherTest):
    def test_of_a_rank(self):
        done = self.run_prun("-n", "3", "sh", "-c", "test $PRUN_RANK != 1 || exit 3")
        self.assertEqual(done.status, 3)
        self.assertRegex(done.last_line, r"^prun: rank 1 on \S+ exited with status 3$")

    def test_of_a_signal(self):
        done = self.run_prun("-n", "2", "sh", "-c", "test $PRUN_RANK != 1 || kill -SEGV $$")
        self.assertEqual(done.status, 128 + signal.SIGSEGV)
        self.assertRegex(done.last_line, r"^prun: rank 1 on \S+ died: signal 11 \(segmentation fault\)")

    def test_the_first_to_fail_decides_and_ends_the_others_within_a_second(self):
        done = self.run_prun("-n", "4", "sh", "-c", "test $PRUN_RANK = 2 && exit 7; exec sleep 100")
        self.assertEqual(done.status, 7)
        self.assertLess(done.seconds, 1)
        self.assertRegex(done.last_line, "rank 2 .* status 7")

    def test_others_that_do_not_listen_are_killed_within_a_second(self):
        # Rank 1 fails when both others have ceased to listen.
        for name in ("deaf0", "deaf2"):
            os.mkfifo(self.path(name))
        done = self.run_prun("-n", "3", "sh", "-c", "if test $PRUN_RANK = 1; then cat deaf0 deaf2; exit 9; fi; "
                                                    "trap '' TERM; echo >deaf$PRUN_RANK; while :; do sleep 100; done",
                             cwd=self.folder.name)
        self.assertEqual(done.status, 9)
        self.assertLess(done.seconds, 1.6)

    def test_success_only_when_all_have_ended(self):
        done = self.run_prun("-n", "3", "sh", "-c", "sleep 0.$PRUN_RANK; echo done")
        self.assertEqual(done.out, "done\n" * 3)
        self.assertQuiet(done)

    def test_time_limit(self):
        done = self.run_prun("--timeout", "0.3", "-n", "2", "sleep", "100")
        self.assertEqual(done.status, 124)
        self.assertIn("--timeout", done.last_line)
        self.assertLess(done.seconds, 2)

    def test_several_that_fail_together(self):
        """One of them, and always that of a rank that failed; all are told where that was asked for."""
        done = self.run_prun("--print-all-exitcodes", "-n", "6", "sh", "-c", "exit $((10 + PRUN_RANK))")
        match = re.match(r"^prun: rank (\d) on \S+ exited with status (\d+)$", done.last_line)
        self.assertIsNotNone(match, done.err)
        self.assertEqual(int(match[2]), 10 + int(match[1]))
        self.assertEqual(done.status, int(match[2]))
        ends = re.findall(r"(?m)^prun: rank (\d) on \S+ (?:exited with status (\d+)|died)", done.err)[:6]
        self.assertEqual([rank for rank, _ in ends], list("012345"))

    def test_a_signal_and_a_status_at_once(self):
        done = self.run_prun("-n", "2", "sh", "-c", "test $PRUN_RANK = 0 && exit 7; kill -ABRT $$")
        self.assertIn((done.status, done.last_line.rpartition(" ")[2]), ((7, "7"), (128 + signal.SIGABRT, "(aborted)")))

    def test_a_failure_is_not_hidden_by_those_that_end_well_after_it(self):
        done = self.run_prun("-n", "3", "sh", "-c", "trap 'exit 0' TERM; test $PRUN_RANK = 1 && exit 5; while :; do sleep 0.02; done")
        self.assertEqual(done.status, 5)

    def test_quiet_shows_what_ranks_print_and_nothing_else(self):
        for script, status in (("echo out; echo err >&2; exit 3", 3), ("echo out; echo err >&2; kill -SEGV $$", 139)):
            done = self.run_prun("-q", "sh", "-c", script)
            self.assertEqual((done.out, done.err, done.status), ("out\n", "err\n", status))
        done = self.run_prun("-q", "--timeout", "0.2", "sleep", "100")
        self.assertEqual((done.err, done.status), ("", 124))
        # What prun could not do is no output of the program's.
        done = self.run_prun("-q", "./no-such-program")
        self.assertEqual((done.err.count("\n"), done.status), (1, 127))

    def test_times(self):
        host = os.uname().nodename
        done = self.run_prun("--timing", "-n", "2", "sleep", "0.1")
        head, row, whole = [line.removeprefix("prun: ") for line in done.err.splitlines()]
        self.assertEqual(head.split()[:8], ["host", "login", "agent", "check", "files", "others", "start", "run"])
        times = dict(zip(head.split()[:8], row.split()))
        self.assertEqual(times["host"], host)
        self.assertGreaterEqual(float(times["run"]), 0.09)
        self.assertGreaterEqual(float(whole.split()[0]), float(times["run"]))

    def test_steps_and_their_times(self):
        done = self.run_prun("-v", "true")
        self.assertRegex(done.err, r"(?m)^prun: +\d+\.\d{3} s  \S+: checking$")
        self.assertRegex(done.err, r"(?m)^prun: +\d+\.\d{3} s  \S+: running$")

    def test_bad_command_line(self):
        self.assertEqual(self.run_prun("--no-such-option", "true").status, 125)


class Programs(LauncherTest):
    def fails(self, status, pattern, *arguments, **options):
        done = self.run_prun("-n", "2", *arguments, **options)
        self.assertEqual(done.status, status, done.err)
        self.assertRegex(done.err, pattern)
        self.assertEqual(done.err.count("\n"), 1, done.err)
        self.assertEqual(done.out, "")

    def test_not_in_path(self):
        self.fails(127, "cannot run no-such-program: no folder of PATH has it; install it there, or type the path that it has$",
                   "no-such-program")
        self.write("snake3", "#!/bin/sh\n")
        self.fails(127, "cannot run snake: no folder of PATH has it; snake3 is there$", "-x", f"PATH={self.folder.name}", "snake")

    def test_not_in_path_but_here(self):
        self.write("prime", "#!/bin/sh\n")
        self.fails(127, r"type \./prime", "prime", cwd=self.folder.name)

    def test_not_there(self):
        self.fails(127, rf"cannot run \./prime: it is not there \(in {self.folder.name}\)", "./prime",
                   cwd=self.folder.name)

    def test_not_executable(self):
        path = self.write("script", "#!/bin/sh\n", 0o644)
        self.fails(126, r"not executable \(chmod \+x", path)

    def test_a_folder(self):
        self.fails(126, "it is a folder", self.folder.name)

    def test_interpreter_that_is_not_there(self):
        path = self.write("script", "#!/usr/bin/no-such-python\n")
        self.fails(127, "asks for /usr/bin/no-such-python, which is not there", path)

    def test_interpreter_that_env_does_not_find(self):
        path = self.write("script", "#!/usr/bin/env no-such-python\n")
        self.fails(127, "asks for no-such-python, which no folder of PATH has", path)

    def test_windows_line_ends(self):
        path = self.write("script", "#!/bin/sh\r\necho\r\n")
        self.fails(127, "Windows", path)

    def test_another_processor(self):
        with open("/bin/true", "rb") as file:
            program = bytearray(file.read())
        program[18:20] = (0x2B).to_bytes(2, "little")  # SPARC V9
        path = self.write("foreign", "")
        with open(path, "wb") as file:
            file.write(program)
        self.fails(126, "it is built for processor type 43, this host is ", path)

    def test_a_library_that_is_missing(self):
        """Told before anything is started, though the kernel would execute it."""
        if subprocess.run(["sh", "-c", "command -v cc"], capture_output=True).returncode != 0:
            self.skipTest("no compiler here")
        library, program = self.path("libgone-test.so"), self.path("needs-it")
        subprocess.run(["cc", "-shared", "-o", library, "-x", "c", "-"], input=b"int gone(void) { return 0; }\n", check=True)
        subprocess.run(["cc", "-o", program, "-x", "c", "-", "-x", "none", library, "-Wl,-rpath," + self.path("no")],
                       input=b"int gone(void); int main(void) { return gone(); }\n", check=True, cwd=self.folder.name)
        os.rename(library, self.path("elsewhere.so"))
        self.fails(126, "cannot run ./needs-it: it needs .*libgone-test.so, which this host has not", "./needs-it", cwd=self.folder.name)

    def test_being_written(self):
        path = self.path("copy")
        subprocess.run(["cp", "/bin/true", path], check=True)
        with open(path, "r+b"):
            self.fails(126, "still writing", path)

    def test_script_without_first_line(self):
        path = self.write("script", "echo from $PRUN_RANK\n")
        done = self.run_prun(path)
        self.assertEqual(done.out, "from 0\n")
        self.assertQuiet(done)

    def test_relative_to_the_working_directory_and_with_odd_letters(self):
        os.mkdir(self.path("a b"))
        self.write("a b/it's \"$x\".sh", '#!/bin/sh\necho "$@"\n')
        done = self.run_prun("--wdir", "a b", "./it's \"$x\".sh", "one two", "$HOME", "*", cwd=self.folder.name)
        self.assertEqual(done.out, "one two $HOME *\n")

    def test_path_given_to_the_ranks_is_searched(self):
        self.write("only-here", "#!/bin/sh\necho found\n")
        done = self.run_prun("-x", f"PATH={self.folder.name}:/usr/bin:/bin", "only-here")
        self.assertEqual(done.out, "found\n")


class Ending(LauncherTest):
    """Whatever ends prun, nothing stays behind. The token is in every process's environment."""

    def running(self, *arguments, ranks):
        process = self.popen(*arguments)
        for _ in range(ranks):
            self.assertEqual(process.stdout.readline(), b"up\n")
        return process

    def of_job(self, token):
        """Processes of this test that hold the token too, in the order they were started."""
        return sorted(set(processes_with(token)) & set(processes_with(self.token)))

    @staticmethod
    def stat(pid):
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()

    def parent(self, pid):
        return int(self.stat(pid)[1])

    def test_ctrl_c(self):
        process = self.running("-n", "3", "sh", "-c", "echo up; exec sleep 100", ranks=3)
        process.send_signal(signal.SIGINT)
        done = self.finish(process)
        self.assertEqual(done.status, 130)
        self.assertLess(done.seconds, 1)
        self.assertEqual(done.err, "prun: interrupted\n")
        self.assertEqual(processes_with(self.token), [])

    def test_ctrl_c_of_a_terminal_reaches_prun_alone(self):
        # The whole foreground group gets the signal, as from a terminal; ranks are not in it and may end in order.
        process = self.running("-n", "2", "sh", "-c", "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done",
                               ranks=2)
        os.killpg(process.pid, signal.SIGINT)
        done = self.finish(process)
        self.assertEqual(done.out, "bye\nbye\n")
        self.assertEqual(done.status, 130)

    def test_ranks_that_ignore_term_are_killed_after_the_grace(self):
        process = self.running("-n", "2", "sh", "-c", "trap '' INT TERM; echo up; while :; do sleep 0.05; done", ranks=2)
        process.send_signal(signal.SIGINT)
        done = self.finish(process)
        self.assertEqual(done.status, 130)
        self.assertGreater(done.seconds, 1.8)
        self.assertLess(done.seconds, 4)
        self.assertEqual(processes_with(self.token), [])

    def test_second_ctrl_c_kills_at_once(self):
        process = self.running("-n", "2", "sh", "-c", "trap 'echo up' TERM; echo up; while :; do sleep 0.05; done", ranks=2)
        process.send_signal(signal.SIGINT)
        for _ in range(2):
            self.assertEqual(process.stdout.readline(), b"up\n")
        process.send_signal(signal.SIGINT)
        done = self.finish(process)
        self.assertEqual(done.status, 130)
        self.assertLess(done.seconds, 1)

    def test_nohup(self):
        process = self.popen("sh", "-c", "echo up; while test ! -e go; do sleep 0.05; done; echo end", cwd=self.folder.name,
                             preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        self.assertEqual(process.stdout.readline(), b"up\n")
        process.send_signal(signal.SIGHUP)
        self.write("go", "")
        done = self.finish(process)
        self.assertEqual(done.out, "end\n")
        self.assertQuiet(done)

    def test_sigterm(self):
        process = self.running("-n", "2", "sh", "-c", "echo up; exec sleep 100", ranks=2)
        process.send_signal(signal.SIGTERM)
        done = self.finish(process)
        self.assertEqual(done.status, 143)
        self.assertEqual(processes_with(self.token), [])

    def test_sigkill_of_prun(self):
        process = self.running("-n", "3", "sh", "-c", "echo up; sleep 100 & setsid sleep 100 & exec sleep 100", ranks=3)
        process.kill()
        process.wait()
        wait_until(lambda: not processes_with(self.token), 2, "nothing is left")

    def test_sigkill_of_the_agent(self):
        process = self.running("-n", "2", "sh", "-c", "echo up; sleep 100 & setsid sleep 100 & exec sleep 100", ranks=2)
        agent = self.parent(self.of_job("PRUN_RANK=0")[0])
        os.kill(agent, signal.SIGKILL)
        done = self.finish(process)
        self.assertEqual(done.status, 125)
        self.assertRegex(done.last_line, r"lost the connection to \S+ \(ranks 0, 1\)")
        self.assertEqual(processes_with(self.token), [])

    def test_sigkill_of_one_or_two_of_the_agent_and_its_keepers(self):
        for names in (["keeper"], ["first keeper"], ["agent", "keeper"], ["agent", "first keeper"],
                      ["keeper", "first keeper"], ["first keeper", "keeper"]):
            with self.subTest(names):
                process = self.running("-n", "2", "sh", "-c", "echo up; setsid sleep 100 & sleep 100 & exec sleep 100", ranks=2)
                agent = self.parent(self.of_job("PRUN_RANK=0")[0])
                keeper = self.parent(agent)
                parts = {"agent": agent, "keeper": keeper, "first keeper": self.parent(keeper)}
                self.assertEqual(self.parent(parts["first keeper"]), process.pid)
                for name in names:
                    os.kill(parts[name], signal.SIGKILL)
                done = self.finish(process)
                self.assertEqual(done.status, 125)
                self.assertRegex(done.last_line, r"lost the connection to \S+ \(ranks 0, 1\)")
                wait_until(lambda: not processes_with(self.token), 2, "nothing is left")

    def test_descendants_that_have_left_the_group_and_session(self):
        code = (
            "import os, sys, time\n"
            "if os.fork() == 0:\n"
            "    os.setsid()\n"
            "    if os.fork() == 0:\n"
            "        null = os.open('/dev/null', os.O_RDWR)\n"
            "        for fd in 0, 1, 2: os.dup2(null, fd)\n"
            "        time.sleep(100)\n"
            "    os._exit(0)\n"
            "os.wait()\n"
        )
        done = self.run_prun("-n", "2", sys.executable, "-c", code)
        self.assertQuiet(done)
        self.assertEqual(processes_with(self.token), [])

    def test_stopped_ranks_end_too(self):
        process = self.running("-n", "2", "sh", "-c", "echo up; kill -STOP $$; sleep 100", ranks=2)
        process.send_signal(signal.SIGINT)
        done = self.finish(process)
        self.assertEqual(done.status, 130)
        self.assertLess(done.seconds, 1.5)

    def test_one_rank_killed(self):
        process = self.running("-n", "3", "sh", "-c", "echo up; exec sleep 100", ranks=3)
        os.kill(self.of_job("PRUN_RANK=1")[0], signal.SIGKILL)
        done = self.finish(process)
        self.assertEqual(done.status, 137)
        self.assertRegex(done.last_line, r"rank 1 on \S+ died: signal 9 \(killed\)")
        self.assertLess(done.seconds, 1)

    def test_every_signal_is_forwarded(self):
        code = (
            "import signal, sys\n"
            "number = int(sys.argv[1])\n"
            "signal.pthread_sigmask(signal.SIG_BLOCK, {number})\n"
            "signal.signal(number, lambda *_: None)\n"
            "print('up', flush=True)\n"
            "print('got', signal.sigwait({number}).name, flush=True)\n"
        )
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGQUIT, 131),
                               (signal.SIGUSR1, 0), (signal.SIGUSR2, 0), (signal.SIGWINCH, 0), (signal.SIGCONT, 0)):
            with self.subTest(number.name):
                process = self.running("-n", "2", sys.executable, "-c", code, str(int(number)), ranks=2)
                process.send_signal(number)
                done = self.finish(process)
                self.assertEqual((done.out, done.status), (f"got {number.name}\n" * 2, status), done.err)
                self.assertLess(done.seconds, 5)

    def test_what_does_not_know_the_signal_gets_term(self):
        process = self.running("-n", "2", "sh", "-c", "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.02; done", ranks=2)
        process.send_signal(signal.SIGQUIT)
        done = self.finish(process)
        self.assertEqual((done.out, done.status), ("bye\nbye\n", 131))

    def test_who_does_not_leave_for_the_signal_gets_term(self):
        code = ("import signal, sys, time\n"
                "signal.signal(signal.SIGINT, lambda *_: print('int', flush=True))\n"
                "signal.signal(signal.SIGTERM, lambda *_: (print('term', flush=True), sys.exit()))\n"
                "print('up', flush=True)\n"
                "while True: time.sleep(1)\n")
        process = self.running("-n", "1", sys.executable, "-c", code, ranks=1)
        process.send_signal(signal.SIGINT)
        done = self.finish(process)
        self.assertEqual((done.out, done.status), ("int\nterm\n", 130))

    def test_user_signals_go_to_the_ranks(self):
        code = (
            "import signal, sys\n"
            "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})\n"
            "print('up')\n"
            "print('got', signal.sigwait({signal.SIGUSR1}).name)\n"
        )
        process = self.running("-n", "2", sys.executable, "-c", code, ranks=2)
        process.send_signal(signal.SIGUSR1)
        done = self.finish(process)
        self.assertEqual(done.out, "got SIGUSR1\n" * 2)
        self.assertQuiet(done)

    def test_ctrl_z_stops_the_ranks_and_fg_wakes_them(self):
        process = self.running("-n", "2", "sh", "-c", "echo up; while :; do sleep 0.05; done", ranks=2)

        def states(pids):
            return {self.stat(pid)[0] for pid in pids}

        ranks = [self.of_job(f"PRUN_RANK={rank}")[0] for rank in range(2)]
        process.send_signal(signal.SIGTSTP)
        wait_until(lambda: states([*ranks, process.pid]) == {"T"}, 5, "prun and its ranks are stopped")
        process.send_signal(signal.SIGCONT)
        wait_until(lambda: "T" not in states([*ranks, process.pid]), 5, "they run again")
        process.send_signal(signal.SIGINT)
        self.assertEqual(self.finish(process).status, 130)

    def test_idle_prun_uses_no_processor(self):
        process = self.running("-n", "2", "sh", "-c", "echo up; exec sleep 100", ranks=2)

        def ticks():
            return sum(map(int, self.stat(process.pid)[11:13]))

        before = ticks()
        time.sleep(1)
        self.assertLessEqual(ticks() - before, 1)
        process.send_signal(signal.SIGINT)
        self.finish(process)


class Agent(LauncherTest):
    def test_started_by_hand_it_explains_itself(self):
        done = self.run_prun("agent")
        self.assertEqual(done.status, 125)
        self.assertIn("no use in starting it by hand", done.err)

    def test_a_launcher_that_talks_nonsense(self):
        for nonsense in (b"\xff" * 64, b"\x01\0\0\0\x00", b"\x05\0\0\0\x02abcd", b"\x01\0\0\0\x07"):
            with self.subTest(nonsense):
                process = self.popen("agent", stdin=subprocess.PIPE)
                process.stdin.write(nonsense)
                process.stdin.flush()
                process.stdin.close()
                process.stdin = None
                done = self.finish(process, limit=10)
                self.assertEqual(done.status, 0)
                self.assertTrue(done.out.startswith("\nprun-agent 5\n"))


if __name__ == "__main__":
    unittest.main()
