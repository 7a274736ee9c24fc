"""What comes out of prun when many ranks write: whole, in bounded memory, live."""

import collections
import os
import re
import subprocess
import sys
import unittest

from launcher_support import MIB, PRUN, LauncherTest, processes_with, wait_until


class Flood(LauncherTest):
    """Ten ranks, 100,000 lines each."""

    ranks = 10
    lines = 100000
    code = ("import os, sys\n"
            "rank = os.environ['PRUN_RANK']\n"
            "# In pieces that end anywhere, as stdio writes them.\n"
            f"text = ''.join(f'{{rank}}:{{line}}:{{\"x\" * (line % 20)}}\\n' for line in range({lines}))\n"
            "for at in range(0, len(text), 4096):\n"
            "    os.write(1, text[at:at + 4096].encode())\n")

    def check(self, text):
        """Every line of every rank once, whole and in its order."""
        following = collections.Counter()
        for line in text.splitlines():
            rank, number, tail = line.split(":")
            self.assertEqual(int(number), following[rank])
            self.assertEqual(tail, "x" * (int(number) % 20))
            following[rank] += 1
        self.assertEqual(following, {str(rank): self.lines for rank in range(self.ranks)})

    def test_nothing_is_lost_or_torn(self):
        done = self.run_prun("-n", str(self.ranks), sys.executable, "-c", self.code)
        self.check(done.out)
        self.assertQuiet(done)

    def test_a_slow_reader_costs_no_memory(self):
        """A reader that stands still until all ranks wait for it, and then takes its time."""
        process = self.popen("-n", str(self.ranks), sys.executable, "-c", self.code, bufsize=0)
        pieces = [process.stdout.read(1)]

        def ranks():
            return sorted(set(processes_with("PRUN_RANK=")) & set(processes_with(self.token)))

        def all_wait():
            states = []
            for pid in ranks():
                with open(f"/proc/{pid}/wchan") as file:
                    states.append("pipe_write" in file.read())
            return len(states) == self.ranks and all(states)

        def most_memory(pid):
            with open(f"/proc/{pid}/status") as file:
                return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))  # KiB

        wait_until(all_wait, 20, "all ranks wait in a write")
        with open(f"/proc/{ranks()[0]}/stat") as file:
            agent = int(file.read().rpartition(")")[2].split()[1])
        self.assertLess(most_memory(process.pid), 32 * MIB)
        self.assertLess(most_memory(agent), 32 * MIB)
        most = 0
        while piece := process.stdout.read(16384):
            pieces.append(piece)
            if len(pieces) % 100 == 0 and process.poll() is None:
                most = max(most, most_memory(process.pid))
        self.assertLess(most, 32 * MIB)
        self.check(b"".join(pieces).decode())
        self.assertEqual(process.wait(20), 0)

    def test_sorted(self):
        done = self.run_prun("--sort", "-n", str(self.ranks), sys.executable, "-c", self.code)
        self.check(done.out)
        self.assertEqual([line.split(":")[0] for line in done.out.splitlines()],
                         [str(rank) for rank in range(self.ranks) for _ in range(self.lines)])
        self.assertQuiet(done)


class Sorted(LauncherTest):
    def test_ranks_in_their_order_however_they_end(self):
        done = self.run_prun("--sort", "-l", "-n", "3", "sh", "-c",
                             "while test $PRUN_RANK != 2 -a ! -e go; do sleep 0.01; done; echo one; echo bad >&2; echo two; touch go",
                             cwd=self.folder.name)
        host = os.uname().nodename
        self.assertEqual(done.out.splitlines(), [f"[{rank}@{host}] {word}" for rank in range(3) for word in ("one", "two")])
        self.assertEqual(done.err.splitlines(), [f"[{rank}@{host}] bad" for rank in range(3)])
        self.assertEqual(done.status, 0)

    def test_the_last_line_comes_last(self):
        read, write = os.pipe()
        process = self.popen("--sort", "-n", "2", "sh", "-c", "echo rank $PRUN_RANK; test $PRUN_RANK = 0 || exit 3",
                             stdout=write, stderr=write)
        os.close(write)
        with open(read) as file:
            lines = file.read().splitlines()
        self.assertEqual(process.wait(10), 3)
        self.assertEqual(lines[-1], f"prun: rank 1 on {os.uname().nodename} exited with status 3")
        self.assertIn("rank 1", lines[:-1])

    def test_a_reader_that_leaves(self):
        done = subprocess.run(["sh", "-c", '"$0" --sort -n 2 seq 300000 | head -n 1', PRUN], env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
        self.assertEqual((done.stdout, done.stderr), ("1\n", ""))


class Live(LauncherTest):
    def test_a_partial_line_is_shown_while_its_writer_is_alone(self):
        process = self.popen("-n", "2", "sh", "-c", "test $PRUN_RANK = 0 || exit 0; printf '10 %%'; read line; printf '\\r20 %%'; "
                             "read line; echo ' done'", stdin=subprocess.PIPE)
        for shown, answer in ((b"10 %", b"\n"), (b"\r20 %", b"\n"), (b" done\n", b"")):
            self.assertEqual(process.stdout.read(len(shown)), shown)
            process.stdin.write(answer)
            process.stdin.flush()
        self.assertQuiet(self.finish(process))

    def test_labels_stand_at_the_beginning_of_lines_only(self):
        process = self.popen("-prepend-rank", "-n", "2", "sh", "-c",
                             "test $PRUN_RANK = 0 || exit 0; for i in 1 2 3; do printf $i; read line; done; echo .",
                             stdin=subprocess.PIPE)
        self.assertEqual(process.stdout.read(5), b"[0] 1")
        for more in (b"2", b"3", b".\n"):
            process.stdin.write(b"\n")
            process.stdin.flush()
            self.assertEqual(process.stdout.read(len(more)), more)
        self.assertQuiet(self.finish(process))

    def test_a_line_of_another_does_not_break_into_a_partial_line(self):
        """It begins a line of its own; what follows of the partial line does too, with its label."""
        process = self.popen("-prepend-rank", "--stdin", "all", "-n", "2", "sh", "-c",
                             "if test $PRUN_RANK = 0; then printf abc; read line; read line; echo def; "
                             "else read line; echo other; read line; fi", stdin=subprocess.PIPE)
        self.assertEqual(process.stdout.read(7), b"[0] abc")
        process.stdin.write(b"\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.read(11), b"\n[1] other\n")
        process.stdin.write(b"\n")
        process.stdin.flush()
        self.assertEqual(self.finish(process).out, "[0] def\n")


class Readers(LauncherTest):
    def shell(self, script):
        return subprocess.run(["bash", "-c", script, PRUN], env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=30)

    def test_head(self):
        done = self.shell('"$0" -n 3 yes | head -n 1; echo ${PIPESTATUS[0]}')
        self.assertEqual((done.stdout, done.stderr), ("y\n141\n", ""))

    def test_head_that_has_left_before_the_first_line(self):
        gone = self.path("gone")
        os.mkfifo(gone)
        done = self.shell(f'"$0" sh -c "cat {gone}; echo late" | (exec >&- <&-; echo >{gone}); echo ${{PIPESTATUS[0]}}')
        self.assertEqual((done.stdout, done.stderr), ("141\n", ""))

    def test_a_full_disk_is_an_error(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full here")
        done = self.shell('"$0" -n 2 echo x > /dev/full; echo $?')
        self.assertEqual((done.stdout, done.stderr), ("125\n", "prun: cannot write standard output: No space left on device\n"))

    def test_flags_of_the_output_stay(self):
        """Also those of a terminal that is standard output and input in one."""
        code = "import fcntl, sys; [print(fcntl.fcntl(fd, fcntl.F_GETFL) & 0o4000, file=sys.stderr) for fd in (0, 1, 2)]"
        done = self.shell(f'{{ "$0" -n 2 true; {sys.executable} -c "{code}"; }} <>/dev/zero 2>&1 | cat')
        self.assertEqual(done.stdout, "0\n0\n0\n")


if __name__ == "__main__":
    unittest.main()
