import os
import pathlib
import re
import shutil
import tempfile
import time
import unittest

from example import ExampleTest

# A player that writes down what it was asked to play, and where: a file for each of its runs.
PLAYER = """#!/bin/sh
for film; do :; done
run=$(mktemp "$LOG/run.XXXXXX")
printf '%s|%s|%s' "$*" "${DISPLAY-none}" "$(head -c 100 | wc -c)" > "$run"
echo "playing $film"
echo "status line of $film" >&2
"""

# Fails on the film of the third screen only.
FAILING = """#!/bin/sh
case "$1" in
  *screen3*) for i in 1 2 3 4 5 6 7 8 9 10; do echo "line $i" >&2; done
             printf 'almost\\rno codec for this film\\n' >&2; %s ;;
  *) exec sleep 30 ;;
esac
"""


class VideoWall(ExampleTest):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="videowall."))
        self.addCleanup(shutil.rmtree, self.folder)
        self.log = self.folder / "log"
        self.log.mkdir()
        for screen in range(1, 8):
            (self.folder / f"screen{screen}.mp4").write_text("a film")
        self.player = self.script("player", PLAYER)
        self.env = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
        self.env["LOG"] = str(self.log)

    def script(self, name, text):
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)
        return str(path)

    def wall(self, ranks, *arguments, **more_env):
        return self.start(ranks, "videowall", *arguments, cwd=self.folder, env=self.env | more_env)

    def plays(self):
        """What was played, on which display, with how many bytes of input; sorted."""
        return sorted(path.read_text().replace(" ", "") for path in self.log.iterdir())

    def test_each_rank_plays_its_film_each_round(self):
        for ranks in (0, 1, 2, 4, 7):
            with self.subTest(ranks=ranks):
                done = self.wall(ranks, "--player", self.player, "--loop", "3")
                self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
                size = max(ranks, 1)
                films = [f"screen{n}.mp4|:0.0|0" for n in range(1, size + 1)]
                self.assertEqual(self.plays(), sorted(films * 3))
                lines = done.stdout.splitlines()
                self.assertEqual(len(lines), size + 1, done.stdout)
                for rank, line in enumerate(lines[:-1]):
                    self.assertRegex(line, rf"^rank {rank} on \S+: screen{rank + 1}\.mp4$")
                screens = "1 screen" if size == 1 else f"{size} screens"
                self.assertRegex(lines[-1], rf"^3 rounds played on {screens} in \d+\.\d s$")
                for path in self.log.iterdir():
                    path.unlink()

    def test_names_of_films_and_words_of_the_player(self):
        (self.folder / "0 50%.mp4").write_text("a film")
        (self.folder / "1 50%.mp4").write_text("a film")
        command = f"'{self.player}' --title \"a b\" c\\ d"
        done = self.wall(2, "--player", command, "--loop", "1", "--files", "%r 50%%.mp4")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertEqual(self.plays(), ["--titleabcd050%.mp4|:0.0|0", "--titleabcd150%.mp4|:0.0|0"])

    def test_name_of_the_host_in_the_film(self):
        first = self.wall(0, "--player", self.player, "--loop", "1")
        host = re.match(r"rank 0 on (\S+): ", first.stdout)[1]
        (self.folder / f"{host}.mp4").write_text("a film")
        done = self.wall(1, "--player", self.player, "--loop", "1", "--files", "%h.mp4")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertIn(f"{host}.mp4|:0.0|0", self.plays())

    def test_display_of_the_host_is_kept(self):
        given = ("--display", ":3")
        for arguments, env, display in (((), {"DISPLAY": ":7"}, ":7"), ((), {"WAYLAND_DISPLAY": "wayland-0"}, "none"),
                                        (given, {}, ":3"), (given, {"DISPLAY": ":7"}, ":3")):
            with self.subTest(arguments=arguments, env=env):
                done = self.wall(0, "--player", self.player, "--loop", "1", *arguments, **env)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(self.plays(), [f"screen1.mp4|{display}|0"])
                for path in self.log.iterdir():
                    path.unlink()

    def test_missing_films_are_told_together_before_anything_plays(self):
        (self.folder / "screen2.mp4").unlink()
        (self.folder / "screen4.mp4").unlink()
        done = self.wall(4, "--player", self.player, "--loop", "1")
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
        told = re.findall(r"^rank (\d) on \S+: (\S+): No such file or directory \(in (.+)\)$", done.stderr, re.M)
        self.assertEqual(told, [("1", "screen2.mp4", str(self.folder)), ("3", "screen4.mp4", str(self.folder))])
        self.assertEqual(self.plays(), [])

    def test_missing_player_is_told_before_anything_plays(self):
        for player in ("no-such-player --fs", "./no-such-player", str(self.folder / "screen1.mp4")):
            with self.subTest(player=player):
                done = self.wall(3, "--player", player, "--loop", "1")
                self.assertEqual((done.returncode, done.stdout), (127, ""), done.stderr)
                told = re.findall(r"^rank (\d) on \S+: there is no player (\S+);", done.stderr, re.M)
                self.assertEqual(told, [(str(rank), player.split()[0]) for rank in range(3)])

    def test_failing_player_ends_the_wall_with_its_words(self):
        for ending, status, how in (("exit 3", 3, "exited with status 3"),
                                    ("kill -KILL $$", 137, "was killed by signal 9 (Killed)")):
            with self.subTest(ending=ending):
                player = self.script("failing", FAILING % ending)
                start = time.monotonic()
                done = self.wall(4, "--player", player)
                self.assertLess(time.monotonic() - start, 10, "the others' films were played to their end")
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertRegex(done.stderr, r"rank 2\b")
                self.assertRegex(done.stderr, rf"the player on \S+ {re.escape(how)}: \S+ screen3\.mp4 \(round 1\)")
                self.assertIn("line 10\nalmost\nno codec for this film\n", done.stderr)
                self.assertNotIn("line 1\n", done.stderr)  # the last lines, not all

    def test_failing_player_without_prun(self):
        player = self.script("failing", FAILING.replace("screen3", "screen1") % "exit 4")
        done = self.wall(0, "--player", player)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("exited with status 4", done.stderr)
        self.assertIn("no codec for this film\n", done.stderr)

    def test_player_that_cannot_be_executed(self):
        player = self.script("broken", "#!/no/such/interpreter\n")
        done = self.wall(0, "--player", player)
        self.assertEqual(done.returncode, 127, done.stderr)
        self.assertIn("could not be started: No such file or directory", done.stderr)

    def test_player_that_leaves_a_child_with_its_output(self):
        marker = self.folder / "child"
        player = self.script("parent", f"#!/bin/sh\nsleep 30 &\necho $! >> '{marker}'\nexit 0\n")
        done = self.wall(0, "--player", player, "--loop", "2")
        for pid in marker.read_text().split():
            os.kill(int(pid), 15)
        self.assertEqual(done.returncode, 0, done.stderr)
        played = re.search(r"in (\d+\.\d) s", done.stdout)
        self.assertLess(float(played[1]), 15)

    def test_bad_arguments(self):
        for bad, words in ((["--files", "screen%d.mp4"], "screen%d.mp4"), (["--files", "50%"], "50%"),
                           (["--player", ""], "no program"), (["--player", "mpv 'x"], "not closed"),
                           (["--loop", "0"], "--loop"), (["--loop", "many"], "many"), (["film.mp4"], "film.mp4")):
            with self.subTest(arguments=bad):
                self.assertIn(words, self.refused(3, "videowall", *bad))
        self.helped(3, "videowall", "--files", "--player", "--display", "--loop")


if __name__ == "__main__":
    unittest.main()
