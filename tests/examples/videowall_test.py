import csv
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from example import ExampleTest, program


class Watched:
    """A wall under prun that is talked to while it plays."""

    def __init__(self, folder, ranks, *arguments, options=()):
        self.process = subprocess.Popen(
            [program("prun"), *options, "-n", str(ranks), program("videowall"), *arguments], cwd=folder, text=True,
            env=dict(os.environ, PRUN_OPTIONS="--oversubscribe"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.lines = []
        self._reader = threading.Thread(target=lambda: self.lines.extend(self.process.stdout), daemon=True)
        self._reader.start()

    def wait_for(self, pattern, seconds=20, start=None):
        """The first line that has it from now on, or from that number of lines on."""
        start, deadline = len(self.lines) if start is None else start, time.monotonic() + seconds
        while time.monotonic() < deadline:
            for line in self.lines[start:]:
                if re.search(pattern, line):
                    return line
            time.sleep(0.02)
        raise AssertionError(f"no line with {pattern}: {''.join(self.lines)}")

    def type(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self):
        """Exit status and all it said."""
        self.process.stdin.close()
        status = self.process.wait(20)
        self._reader.join(5)
        self.process.stdout.close()
        return status, "".join(self.lines)

    def kill(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.end()


class VideoWall(ExampleTest):
    """With players that show nothing; tests/cluster/videowall_test.py has real ones."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="videowall."))
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("film.mp4", "trailer.mp4"):
            (self.folder / name).write_text("a film")

    def wall(self, ranks, *arguments):
        return self.start(ranks, "videowall", *arguments, cwd=self.folder)

    def watched(self, ranks, *arguments, options=()):
        wall = Watched(self.folder, ranks, *arguments, options=options)
        self.addCleanup(wall.kill)
        return wall

    def test_screens_play_in_step_to_the_end(self):
        for ranks in (0, 4):
            with self.subTest(ranks=ranks):
                start = time.monotonic()
                done = self.wall(ranks, "film.mp4", "trailer.mp4", "--loop", "2", "--report", "skew.svg", "--player",
                                 "null:length=0.8,drift=400,late=10")
                self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
                self.assertGreater(time.monotonic() - start, 3.2)
                screens = max(ranks, 1)
                self.assertRegex(done.stdout, rf"^videowall: {screens} screens?, round 1 of 2, film 1 of 2, 0:00.0 of 0:00.8\n")
                self.assertIn("skew.svg shows how exact it was", done.stdout)
                self.assertTrue((self.folder / "skew.svg").read_text().startswith("<?xml"))
                with open(self.folder / "skew.csv", encoding="utf-8") as log:
                    samples = list(csv.DictReader(log))
                self.assertEqual({int(sample["rank"]) for sample in samples}, set(range(screens)))
                last = {sample["rank"]: float(sample["error_ms"]) for sample in samples}
                for error in last.values():
                    self.assertLess(abs(error), 5, "10 ms late at the start, and held since")

    def test_what_is_typed_at_the_terminal(self):
        wall = self.watched(3, "film.mp4", "trailer.mp4", "--status", "--player", "null:length=600")
        wall.wait_for(r"  2 \S+ +[-+]\d")
        wall.type("seek 5:00")
        wall.wait_for(r"film 1 of 2, 5:0\d\.\d of 10:00\.0")
        wall.type("next")
        wall.wait_for(r"film 2 of 2, 0:0\d")
        wall.type("pause")
        wall.wait_for(r"  1 \S+ +standing still")
        wall.type("rewind")
        wall.wait_for("'rewind' is none of: pause, play")
        wall.type("play")
        wall.wait_for(r"  1 \S+ +[-+]\d")
        wall.type("stop")
        status, text = wall.end()
        self.assertEqual(status, 0, text)
        self.assertIn("the wall is done", text)

    def test_it_starts_at_a_time_of_day(self):
        at = time.time() + 3
        # In a zone where nobody lives: the time of day of the host is meant, not that of UTC.
        os.environ["TZ"] = "UTC+11:30"
        self.addCleanup(os.environ.pop, "TZ")
        start = time.strftime("%H:%M:%S", time.gmtime(at - 11.5 * 3600))
        done = self.wall(2, "film.mp4", "--loop", "1", "--start-at", start, "--player", "null:length=1")
        ended = time.time()
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertGreaterEqual(ended, int(at) + 1)
        self.assertLess(ended, at + 20)

    def test_a_player_that_dies_is_replaced_and_in_step(self):
        wall = self.watched(2, "film.mp4", "--status", "--player", "null:length=600,dies=3")
        line = wall.wait_for(r"  1 \S+ +[-+].* player replaced")
        self.assertLess(abs(float(re.search(r"([-+][\d.]+) ms", line)[1])), 40)
        wall.type("stop")
        self.assertEqual(wall.end()[0], 0)

    def test_a_player_that_always_dies_is_given_up(self):
        done = self.wall(2, "film.mp4", "--player", "null:length=600,dies=0.2")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("the player has ended, 5 times within a minute", done.stderr)

    def test_the_others_go_on_when_one_is_lost(self):
        for lost in (2, 0):
            with self.subTest(lost=lost):
                wall = self.watched(3, "film.mp4", "--loop", "1", "--status", "--player", "null:length=5",
                                    options=["--on-failure=continue"])
                wall.wait_for(r"  2 \S+ +[-+]\d")
                os.kill(self.rank_process(wall, lost), signal.SIGKILL)
                if lost != 0:
                    wall.wait_for("the screen of rank 2 on .* is lost; the others go on")
                    wall.wait_for(r"  2 \S+ +lost")
                    wall.wait_for(r"  1 \S+ +[-+]\d")
                began = time.monotonic()
                _, text = wall.end()
                self.assertLess(time.monotonic() - began, 15, text)
                self.assertEqual("the wall is done" in text, lost != 0, text)

    def test_a_rank_that_is_started_again_joins_the_others(self):
        wall = self.watched(3, "film.mp4", "--loop", "1", "--status", "--player", "null:length=600,drift=400",
                            options=["--restart", "3"])
        wall.wait_for(r"  2 \S+ +[-+]\d")
        wall.type("seek 5:00")
        wall.wait_for(r"film 1 of 1, 5:0")
        for start in (1, 2, 3):
            os.kill(self.rank_process(wall, 2), signal.SIGKILL)
            wall.wait_for("the screen of rank 2 on .* is back")
            self.assertRegex("".join(wall.lines), rf"prun: rank 2 on \S+ starts again \({start} of 3\)")
            if start == 2:
                continue  # dies once more while it is told what is on
            line = wall.wait_for(r"  2 \S+ +[-+]\d")
            self.assertLess(abs(float(re.search(r"([-+][\d.]+) ms", line)[1])), 40)
        wall.type("pause")
        wall.wait_for(r"  2 \S+ +standing still")
        wall.type("stop")
        status, text = wall.end()
        self.assertEqual(status, 0, text)
        self.assertEqual(text.count("is lost; the others go on"), 3, text)

    def test_rank_0_that_is_started_again_conducts_again(self):
        wall = self.watched(4, "film.mp4", "--loop", "1", "--status", "--player", "null:length=12,drift=400", options=["--restart", "2"])
        wall.wait_for(r"  3 \S+ +[-+]\d")
        for lost in ([0], [2, 0]):
            said = len(wall.lines)
            for rank in lost:
                os.kill(self.rank_process(wall, rank), signal.SIGKILL)
            wall.wait_for(r"videowall: 4 screens, round 1 of 1, film 1 of 1, 0:(?!00\.0)", start=said)
            line = wall.wait_for(r"  2 \S+ +[-+]\d")
            self.assertLess(abs(float(re.search(r"([-+][\d.]+) ms", line)[1])), 40)
        status, text = wall.end()
        self.assertEqual(status, 0, text)
        self.assertTrue(text.endswith("videowall: the wall is done\n"), text)
        self.assertNotIn("player replaced", text)

    def test_ranks_that_are_lost_before_anything_plays(self):
        for lost in (2, 0):
            with self.subTest(lost=lost):
                wall = self.watched(3, "film.mp4", "--loop", "1", "--player", "null:length=1", options=["--restart", "1"])
                os.kill(self.rank_process(wall, lost), signal.SIGKILL)
                status, text = wall.end()
                self.assertEqual(status, 0, text)
                self.assertTrue(text.endswith("videowall: the wall is done\n"), text)
                self.assertIn(f"prun: rank {lost} on ", text)

    def rank_process(self, wall, rank):
        """By the environment that prun gives it."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if found := self.find_process(rank):
                return found
            time.sleep(0.01)
        raise AssertionError(f"rank {rank} is not there: {''.join(wall.lines)}")

    def find_process(self, rank):
        wanted = f"PRUN_RANK={rank}".encode()
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(entry / "cwd") != str(self.folder) or os.readlink(entry / "exe") != os.path.realpath(program("videowall")):
                    continue
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    return int(entry.name)
            except OSError:
                continue
        return None

    def test_missing_films_are_told_together_before_anything_plays(self):
        (self.folder / "screen1.mp4").write_text("a film")
        (self.folder / "screen3.mp4").write_text("a film")
        done = self.wall(4, "--files", "screen%n.mp4", "--player", "null")
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
        told = re.findall(r"^rank (\d) on \S+: (\S+): No such file or directory \(in (.+)\), nor has any other host it; prun --stage (\S+) ", done.stderr, re.M)
        self.assertEqual(told, [(str(rank), name, str(self.folder), name) for rank, name in
                                ((1, "screen2.mp4"), (3, "screen4.mp4"))])

    def test_missing_player_is_told_before_anything_plays(self):
        done = self.wall(2, "film.mp4", "--player", "no-such-player --fs")
        self.assertEqual((done.returncode, done.stdout), (127, ""), done.stderr)
        self.assertEqual(len(re.findall(r"^rank \d on \S+: there is no player no-such-player;", done.stderr, re.M)), 2)

    def test_too_few_screens(self):
        done = self.wall(3, "film.mp4", "--grid", "2x1", "--player", "null")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("there is no screen for rank 2", done.stderr)

    def test_bad_arguments(self):
        for bad, words in ((["film.mp4", "--files", "screen%n.mp4"], "either films"), ([], "either films"),
                           (["--files", "screen%d.mp4"], "screen%d.mp4"), (["film.mp4", "--player", ""], "no program"),
                           (["film.mp4", "--player", "mpv 'x"], "not closed"), (["film.mp4", "--loop", "0"], "--loop"),
                           (["film.mp4", "--grid", "2"], "2x2"), (["film.mp4", "--start-at", "25:00"], "25:00"),
                           (["film.mp4", "--report", "skew.pdf"], "skew.pdf"), (["film.mp4", "--sound", "loud"], "loud")):
            with self.subTest(arguments=bad):
                self.assertIn(words, self.refused(3, "videowall", *bad))
        self.helped(3, "videowall", "--files", "--player", "--display", "--loop", "--grid", "--layout", "--report")


if __name__ == "__main__":
    unittest.main()
