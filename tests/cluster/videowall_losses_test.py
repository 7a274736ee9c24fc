"""Boards of a video wall that lose their power and get it back. The players show nothing: what the others do meanwhile is seen in the
status lines."""

import re
import subprocess
import threading
import time

import vcluster
from cluster_jobs import ClusterJobs

IN_STEP = 40  # ms: a picture of a film


class Wall:
    """A wall that prun plays from rpi1, which has no screen."""

    def __init__(self, cluster, options, *arguments):
        self.process = cluster.popen("rpi1", ["prun", "--node-timeout", "1", *options, vcluster.BIN / "videowall", "film.mkv",
                                              "--loop", "1", "--status", *arguments], stderr=subprocess.STDOUT)
        self._lines = []
        self._reader = threading.Thread(target=lambda: self._lines.extend(self.process.stdout), daemon=True)
        self._reader.start()
        self._seen = 0

    def wait_for(self, pattern, seconds=20):
        """The first line that has it, behind the one found last."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for number in range(self._seen, len(self._lines)):
                if found := re.search(pattern, self._lines[number]):
                    self._seen = number + 1
                    return found
            time.sleep(0.02)
        raise AssertionError(f"no line with {pattern} behind line {self._seen}:\n{self.text()}")

    def text(self):
        return "".join(self._lines)

    def wait_in_step(self, *ranks):
        """A status in which these screens play, and no others. How far it is in the film, seconds."""
        while True:
            place = self.wait_for(r"film 1 of 1, (\d+):(\d+\.\d)")
            errors = {}
            for rank in range(4):
                line = self.wait_for(rf"^ +{rank} rpi{rank + 2} (.*)")[1]
                if error := re.search(r"([-+]\d+\.\d) ms", line):
                    errors[rank] = float(error[1])
            if sorted(errors) == sorted(ranks) and all(abs(error) < IN_STEP for error in errors.values()):
                return 60 * int(place[1]) + float(place[2])

    def end(self):
        """Exit status, when it has come to its end."""
        status = self.process.wait(30)
        self._reader.join(5)
        return status


class Losses(ClusterJobs):
    hosts = 5
    screens = "rpi[2-5]"

    def setUp(self):
        # A fifth of it is there soon, the rest a second later.
        (self.cluster.root("rpi2") / "root/film.mkv").write_bytes(bytes(20 << 20))
        for host in self.cluster.hosts:
            self.on(host)

    def wall(self, *options, length, arguments=()):
        self.playing = Wall(self.cluster, ["-H", self.screens, *options], "--player", f"null:length={length},drift=300", *arguments)
        return self.playing

    def tearDown(self):
        process = self.playing.process
        if process.poll() is None:
            process.terminate()
        process.wait(10)
        process.stdout.close()
        super().tearDown()

    def test_a_board_that_dies_while_films_are_sent_comes_back(self):
        self.forget_films()
        wall = self.wall("--restart", "3", length=600)
        wall.wait_for("film.mkv: 20 % sent")
        self.off("rpi4")
        wall.wait_for("films are looked for again, without rank 2 on rpi4")
        wall.wait_for("film.mkv: 100 % sent")
        wall.wait_in_step(0, 1, 3)
        self.cluster.on("rpi4")
        wall.wait_for("the screen of rank 2 on rpi4 is back")
        wall.wait_in_step(0, 1, 2, 3)

    def test_the_others_play_to_the_end_without_it(self):
        self.forget_films()
        wall = self.wall("--on-failure=continue", length=3)
        wall.wait_for("film.mkv: 20 % sent")
        self.off("rpi5")
        wall.wait_for("film.mkv: 100 % sent")
        wall.wait_in_step(0, 1, 2)
        self.assertEqual(wall.end(), 0, wall.text())
        self.assertIn("videowall: the wall is done\n", wall.text())
        self.assertIn("prun: went on without rank 3 on rpi5\n", wall.text())
        self.assertEqual(self.partial_films(), [])

    def test_nobody_has_the_film_any_more(self):
        self.forget_films()
        (self.cluster.root("rpi2") / "root/film.mkv").rename(self.cluster.root("rpi2") / "root/other.mkv")
        (self.cluster.root("rpi5") / "root/film.mkv").write_bytes(bytes(20 << 20))
        self.addCleanup(lambda: (self.cluster.root("rpi5") / "root/film.mkv").unlink())
        wall = self.wall("--restart", "3", length=600)
        wall.wait_for("film.mkv: 20 % sent")
        self.off("rpi5")
        self.assertEqual(wall.end(), 1, wall.text())
        for rank in (0, 1, 2):
            self.assertIn(f"rank {rank} on rpi{rank + 2}: film.mkv: No such file or directory (in /root), nor has any other host it", wall.text())
        self.assertEqual(self.partial_films(), [])

    def forget_films(self):
        for host in self.cluster.hosts:
            for film in self.films_kept(host):
                film.unlink()

    def films_kept(self, host):
        return list((self.cluster.root(host) / "root/.cache/videowall").glob("*"))

    def partial_films(self):
        """Not on hosts that are off: theirs are overwritten when they come back."""
        living = [host for host in self.cluster.hosts if self.cluster.init(host)]
        return [film for host in living for film in self.films_kept(host) if ".part" in film.name]


if __name__ == "__main__":
    vcluster.main()
