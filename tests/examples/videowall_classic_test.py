import os
import pathlib
import shutil
import tempfile
import unittest

from example import ExampleTest

# A player that writes down what it was asked to play, and where: a file for each of its runs.
PLAYER = """#!/bin/sh
for film; do :; done
printf '%s|%s' "$*" "$DISPLAY" > "$(mktemp "$LOG/run.XXXXXX")"
case $film in *"$FAILS_ON"*) exit 3 ;; esac
"""


class Classic(ExampleTest):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="videowall."))
        self.addCleanup(shutil.rmtree, self.folder)
        self.log = self.folder / "log"
        self.log.mkdir()
        self.player = self.folder / "player"
        self.player.write_text(PLAYER)
        self.player.chmod(0o755)

    def play(self, ranks, *arguments, fails_on="none"):
        env = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
        return self.start(ranks, "videowall_classic", *arguments, cwd=self.folder,
                          env=env | {"LOG": str(self.log), "FAILS_ON": fails_on})

    def plays(self):
        return sorted(path.read_text() for path in self.log.iterdir())

    def test_each_rank_plays_its_film_each_round(self):
        done = self.play(4, "3", self.player, "--fs")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(self.plays(), sorted([f"--fs screen{screen}.mp4|:0.0" for screen in range(1, 5)] * 3))

    def test_alone(self):
        done = self.play(0, "1", self.player)
        self.assertEqual((done.returncode, self.plays()), (0, ["screen1.mp4|:0.0"]), done.stderr)

    def test_failing_player_ends_the_wall(self):
        done = self.play(3, "100", self.player, fails_on="screen2")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("the player could not play screen2.mp4", done.stderr)

    def test_missing_player(self):
        done = self.play(2, "1", "./no-such-player")
        self.assertEqual(done.returncode, 127, done.stderr)
        self.assertIn("there is no player ./no-such-player", done.stderr)


if __name__ == "__main__":
    unittest.main()
