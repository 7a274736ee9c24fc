"""Boards of a video wall that lose their power, rank 0's too, and get it back. The players show nothing: what the others do meanwhile is
seen in the status lines."""

import contextlib
import re
import subprocess
import threading
import time

import vcluster
from cluster_jobs import ClusterJobs

IN_STEP = 40  # ms: a picture of a film
# What one host takes for the time is not what another does.
SKEW = "PRUN_CLOCK_SKEW=rpi2=0/200,rpi3=3.5/-200,rpi4=-2/100,rpi5=0.5/-150"


class Wall:
    """A wall that prun plays from rpi1, which has no screen."""

    def __init__(self, cluster, options, length):
        self.process = cluster.popen("rpi1", ["prun", "-H", "rpi[2-5]", "-x", SKEW, "--node-timeout", "1", *options,
                                              vcluster.BIN / "videowall", "film.mkv", "--loop", "1", "--status", "--player",
                                              f"null:length={length},drift=300"], stderr=subprocess.STDOUT)
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
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            place = self.wait_for(r"film 1 of 1, (\d+):(\d+\.\d)")
            errors = {}
            for rank in range(4):
                line = self.wait_for(rf"^ +{rank} rpi{rank + 2} (.*)")[1]
                if error := re.search(r"([-+]\d+\.\d) ms", line):
                    errors[rank] = float(error[1])
            if sorted(errors) == sorted(ranks) and all(abs(error) < IN_STEP for error in errors.values()):
                return 60 * int(place[1]) + float(place[2])
        raise AssertionError(f"not in step, or not these: {ranks}\n{self.text()}")

    def end(self):
        """Exit status, when it has come to its end."""
        status = self.process.wait(30)
        self._reader.join(5)
        return status


class Losses(ClusterJobs):
    hosts = 5

    def setUp(self):
        # A fifth of it is there soon, the rest a second later.
        (self.cluster.root("rpi2") / "root/film.mkv").write_bytes(bytes(20 << 20))
        for host in self.cluster.hosts:
            self.on(host)

    def wall(self, *options, length):
        self.playing = Wall(self.cluster, options, length)
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

    def test_two_boards_of_which_rank_0s_comes_back_last(self):
        wall = self.wall("--restart", "3", length=600)
        with self.goes_on(wall):
            for host in ("rpi2", "rpi4"):
                self.off(host)
            for host, rank in (("rpi4", 2), ("rpi2", 0)):
                self.cluster.on(host)
                wall.wait_for(f"rank {rank} on {host} starts again")

    def test_two_boards_of_which_rank_0s_comes_back_first(self):
        wall = self.wall("--restart", "3", length=600)
        with self.goes_on(wall):
            for host in ("rpi4", "rpi2"):
                self.off(host)
            self.cluster.on("rpi2")
            wall.wait_in_step(0, 1, 3)
            self.cluster.on("rpi4")
            wall.wait_for("the screen of rank 2 on rpi4 is back")

    @contextlib.contextmanager
    def goes_on(self, wall):
        """All play before and after, and the programme went on meanwhile: not begun anew, nor anybody's player."""
        place = wall.wait_in_step(0, 1, 2, 3)
        began = time.monotonic()
        yield
        self.assertAlmostEqual(wall.wait_in_step(0, 1, 2, 3) - place, time.monotonic() - began, delta=2)
        self.assertNotIn("player replaced", wall.text())

    def test_rank_0s_board_dies_while_films_are_sent(self):
        self.forget_films()
        wall = self.wall("--restart", "3", length=600)
        wall.wait_for("film.mkv: 20 % sent")
        self.off("rpi2")
        self.assertEqual(wall.end(), 125, wall.text())
        for rank in (1, 2, 3):
            self.assertIn(f"rank {rank} on rpi{rank + 2}: rank 0 on rpi2 was lost before this screen played, which ends\n", wall.text())
        self.assertEqual(self.partial_films(), [])

    def test_the_end_comes_while_rank_0_is_away(self):
        wall = self.wall("--restart", "3", length=10)
        wall.wait_in_step(0, 1, 2, 3)
        for host in ("rpi2", "rpi4"):
            self.off(host)
        self.cluster.on("rpi4")
        wall.wait_for("rank 2 on rpi4 starts again")
        self.assertEqual(wall.end(), 125, wall.text())
        self.assertRegex(wall.text(), r"prun: went on without rank 0 on rpi2\n(.*\n)*prun: rank 0 was lost with its host rpi2\n$")

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
