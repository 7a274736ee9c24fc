"""The video wall with real players: four hosts, four X displays, one film over all of them.

What the screens show is read from their framebuffers, not from what the players say. Film and screens are small (four
times 160 x 90), so that two cores that also draw by software are not what is measured.
"""

import csv
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import vcluster
from vcluster import wait_until

import numbered_film
from numbered_film import RATE, TILE

PICTURES = 500  # 20 seconds; a minute has two loop points
FRAME = 1 / RATE
# Every clock runs otherwise: rank 0's, which all go by, drifts against the players too.
SKEW = "PRUN_CLOCK_SKEW=rpi1=0/200,rpi2=3.5/-200,rpi3=-2/100,rpi4=0.5/-150"


class Watch:
    """Looks at all framebuffers at once, some 250 times a second, and keeps what it saw."""

    def __init__(self, screens):
        self._screens = screens
        self.seen = []  # (time, numbers of the pictures)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc_info):
        self._stop.set()
        self._thread.join()

    def seconds(self):
        return self.seen[-1][0] - self.seen[0][0] if self.seen else 0

    def held_up(self):
        """When this machine did not let even this look for so long that the screens may have been held up as well."""
        times = [when for when, _ in self.seen]
        return [(before, after - before) for before, after in zip(times, times[1:]) if after - before > FRAME / 2]

    def _run(self):
        while not self._stop.wait(0.004):
            self.seen.append((time.monotonic(), tuple(screen.number() for screen in self._screens)))


def distance(pictures):
    """How many pictures the screens are apart, also across the loop point."""
    return max((a - b + PICTURES // 2) % PICTURES - PICTURES // 2 for a in pictures for b in pictures)


def changes(seen, screen):
    """When the screen came to each picture: a list of (time, picture)."""
    found = []
    for when, pictures in seen:
        if not found or found[-1][1] != pictures[screen]:
            found.append((when, pictures[screen]))
    return found[1:]


def skews(seen):
    """For each picture that all screens showed: seconds from the first to the last screen that came to it."""
    arrivals = {}
    for screen in range(len(seen[0][1])):
        for when, picture in changes(seen, screen):
            arrivals.setdefault(picture, []).append((when, screen))
    found = []
    for events in arrivals.values():
        events.sort()
        group = []
        for when, screen in events:  # the rounds are 20 s apart
            if group and when - group[0] > 5:
                group = []
            group.append(when)
            if len(group) == len(seen[0][1]):
                found.append(group[-1] - group[0])
                group = []
    return found


class Wall(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(vcluster.Cluster(hosts=4, rate="100mbit"))
        film = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory())) / "film.mkv"
        numbered_film.write(film, PICTURES)
        (cls.cluster.root("rpi1") / "root/film.mkv").write_bytes(film.read_bytes())
        for host in cls.cluster.hosts:
            cls.start_display(host, 0, *TILE)
        cls.screens = [cls.screen(host, 0) for host in cls.cluster.hosts]

    @classmethod
    def start_display(cls, host, number, width, height):
        (cls.cluster.root(host) / f"tmp/{number}").mkdir()
        server = cls.cluster.popen(host, ["Xvfb", f":{number}", "-screen", "0", f"{width}x{height}x24", "-fbdir",
                                          f"/tmp/{number}", "-nolisten", "tcp"], stdout=None, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(server.wait)
        cls.addClassCleanup(server.terminate)

    @classmethod
    def screen(cls, host, number):
        buffer = cls.cluster.root(host) / f"tmp/{number}/Xvfb_screen0"
        # Programs look for the socket, which comes later.
        socket = cls.cluster.root(host) / f"tmp/.X11-unix/X{number}"
        return wait_until(lambda: socket.exists() and numbered_film.framebuffer(buffer), 30, f"display {number} of {host}")

    def start(self, hosts, *arguments, by="rpi1"):
        wall = self.cluster.popen(by, ["prun", "-q", "-H", hosts, "-x", SKEW, "--restart", "3",
                                           vcluster.BIN / "videowall", "film.mkv", "--player", "mpv --vo=x11", *arguments],
                                  stdin=subprocess.PIPE)

        def end():
            if wall.poll() is None:  # a test that failed
                wall.terminate()
                print(*wall.communicate(timeout=20))

        self.addCleanup(end)
        return wall

    def pictures(self):
        return [screen.number() for screen in self.screens]

    def test_a_turned_screen_and_commands(self):
        """One beside the other, the right one on its side and at another display: above and below the film is cut off."""
        self.start_display("rpi2", 1, TILE[1], TILE[0])
        right = self.screen("rpi2", 1)
        screen = '[[screen]]\nhost = "%s"\nposition = [%d, 0]\nsize = [160, 90]\n'
        (self.cluster.root("rpi1") / "root/wall.toml").write_text(
            screen % ("rpi1", 0) + screen % ("rpi2", 160) + 'rotation = 90\noutput = ":1"\n')

        def whole():
            turned = right.grab()  # its top is on the right
            columns = [b"".join(turned[TILE[0] - 1 - x][3 * y:3 * y + 3] for x in range(TILE[0])) for y in range(TILE[1])]
            return [a + b for a, b in zip(self.screens[0].grab(), columns)]

        def numbers(rows):
            """In each half."""
            line = rows[numbered_film.TOP + numbered_film.BLOCK - 4 - cut]
            return [sum(1 << bit for bit in range(numbered_film.BITS)
                        if line[3 * (half * TILE[0] + numbered_film.LEFT + bit * numbered_film.BLOCK + 7)] > 128)
                    for half in (0, 1)]

        def still():
            """The picture that does not change any more."""
            before = whole()
            time.sleep(0.2)
            return before if before == whole() else None

        cut = (numbered_film.HEIGHT - TILE[1]) // 2
        # The film once more: a list of two.
        wall = self.start("rpi1,rpi2", "film.mkv", "--layout", "wall.toml", "--loop", "1")
        wait_until(lambda: min(numbers(whole())) > 5, 40, "both screens play")
        wall.stdin.write("pause\n")
        wall.stdin.flush()
        shown = wait_until(still, 10, "it stands still")
        number, other = numbers(shown)
        self.assertEqual(number, other)
        self.assert_shows(shown, numbered_film.picture(number)[cut:cut + TILE[1]])
        wall.stdin.write("next\n")
        wall.stdin.flush()
        wait_until(lambda: numbers(whole()) == [0, 0], 10, "the second film's first picture")
        wall.stdin.write("stop\n")
        out, err = wall.communicate(timeout=20)
        self.assertEqual((wall.returncode, err), (0, ""), out)

    def test_a_minute_with_two_loops_then_a_player_is_killed(self):
        wall = self.start("rpi[1-4]", "--grid", "2x2", "--loop", "30", "--report", "/root/skew.svg")
        wait_until(lambda: min(self.pictures()) > 0, 40, "all screens play")
        began = time.monotonic()
        time.sleep(1)
        self.assert_one_whole_picture()
        minute = self.watch(self.screens, 60, self.assert_minute)
        self.assert_back_after_kill("rpi3")
        self.assert_others_go_on_without("rpi4")
        self.assert_joins_when_power_is_back("rpi4")
        wall.stdin.write("stop\n")
        out, err = wall.communicate(timeout=20)
        self.assertIn("film.mkv goes from rpi1 to 3 hosts", out)
        self.assertRegex(out, r"the screen of rank 3 on rpi4 is lost; the others go on\n(?s:.*)the screen of rank 3 on rpi4 is back\n")
        self.assertIn("film.mkv goes from rpi1 to rpi4", out)
        self.assertIn("/root/skew.svg shows how exact it was", out, err)
        self.assert_report_is_true(minute, began)

    def test_without_the_board_that_conducts(self):
        self.screens = self.screens[:3]
        wall = self.start("rpi[1-3]", "--grid", "2x2", "--loop", "30", by="rpi4")
        wait_until(lambda: min(self.pictures()) > 0, 40, "all screens play")
        self.assert_others_go_on_without("rpi1")
        self.assert_joins_when_power_is_back("rpi1")
        wall.terminate()
        out, _ = wall.communicate(timeout=20)
        self.assertEqual(len(re.findall("^videowall: 3 screens, round 1 of 30", out, re.M)), 2, out)

    def watch(self, screens, seconds, check):
        """Play that passes the check. What fails is watched anew where the machine was busy with other things: three times at most."""
        for again in (3, 2, 1, 0):
            with Watch(screens) as watch:
                wait_until(lambda: watch.seconds() > seconds, 1.5 * seconds + 15)
            try:
                check(watch.seen)
                return watch
            except AssertionError as failure:
                held_up = watch.held_up()
                if not held_up or again == 0:
                    raise
                print(f"watched anew, for the machine was held up {len(held_up)} times, {max(gap for _, gap in held_up) * 1000:.0f} ms at "
                      f"worst: {failure}")
        return None

    def assert_minute(self, seen):
        self.assert_in_step(seen)
        self.assert_no_gap_at_loops(seen)

    def assert_one_whole_picture(self):
        """Screenshots of one instant: all of the same picture, together that picture of the film."""
        def shots():
            numbers = self.pictures()
            found = [screen.grab() for screen in self.screens]
            # Not in the middle of a change.
            return (numbers[0], found) if numbers == self.pictures() and len(set(numbers)) == 1 else None

        number, tiles = wait_until(shots, 1, "four screenshots of one picture")
        whole = [left + right for row in (0, 2) for left, right in zip(tiles[row], tiles[row + 1])]
        if "PRUN_WALL_PICTURE" in os.environ:
            numbered_film.write_png(pathlib.Path(os.environ["PRUN_WALL_PICTURE"]), whole)
        self.assert_shows(whole, numbered_film.picture(number))

    def assert_shows(self, whole, drawn):
        off = sorted(abs(a - b) for ours, its in zip(whole, drawn) for a, b in zip(ours, its))
        print(f"a picture put together from screenshots: levels off, mean {sum(off) / len(off):.2f}, worst {off[-1]} of 255")
        self.assertEqual([len(row) for row in whole], [len(row) for row in drawn])
        # What compression and colours at half the size change.
        self.assertLess(sum(off) / len(off), 3)
        self.assertLess(off[len(off) * 99 // 100], 12)

    def assert_in_step(self, seen):
        skew = sorted(skews(seen))
        apart = [distance(pictures) for _, pictures in seen]
        within = sum(pictures <= 1 for pictures in apart) / len(apart)
        print(f"{len(seen)} looks at the screens: {within:.2%} not more than one picture apart, worst {max(apart)}; skew of "
              f"{len(skew)} pictures: median {statistics.median(skew) * 1000:.1f} ms, 99 of 100 below "
              f"{skew[len(skew) * 99 // 100] * 1000:.1f} ms, worst {skew[-1] * 1000:.1f} ms")
        self.assertGreater(len(seen), 60 * RATE)
        self.assertGreater(len(skew), 55 * RATE)
        self.assertLess(statistics.median(skew), 0.010)
        # Four players and four X servers share the cores with whatever else this machine does: with a load of 14 on two
        # cores it was one look in 150.
        self.assertGreater(within, 0.98)
        self.assertLess(skew[len(skew) * 99 // 100], FRAME)

    def assert_no_gap_at_loops(self, seen):
        stood = []
        for screen in range(len(self.screens)):
            found = changes(seen, screen)
            stood += [after[0] - before[0] for before, after in zip(found, found[1:]) if after[1] < before[1]]
        print("the last pictures before the loop points stood for ms:", [round(gap * 1000) for gap in stood])
        self.assertGreaterEqual(len(stood), 2 * len(self.screens))
        self.assertLess(statistics.median(stood), 1.5 * FRAME)

    def assert_back_after_kill(self, host):
        player, = (number for number, command in self.cluster.processes(host) if command.startswith("mpv "))
        killed = time.monotonic()
        os.kill(player, signal.SIGKILL)
        lost = self.screens[self.cluster.hosts.index(host)]
        wait_until(lambda: lost.number() == 0, 5, "a black screen")
        self.wait_in_step(lost, 15)
        took = time.monotonic() - killed
        print(f"a killed player was back in step for half a second after {took:.2f} s")
        self.assertLess(took, 5.5)

    def wait_in_step(self, screen, seconds):
        """Until it has shown the same as the others for half a second."""
        in_step = []

        def back():
            now = self.pictures()
            if distance(now) > 1 or screen.number() == 0:
                in_step.clear()
            elif not in_step or in_step[-1] != now:
                in_step.append(now)
            return len(in_step) > RATE // 2

        wait_until(back, seconds, "the screen in step again")

    def assert_others_go_on_without(self, host):
        self.cluster.off(host)
        others = [screen for name, screen in zip(self.cluster.hosts, self.screens) if name != host]

        def check(seen):
            skew = sorted(skews(seen))
            print(f"without {host} the skew of {len(skew)} pictures of the others was {statistics.median(skew) * 1000:.1f} ms")
            self.assertGreater(len(skew), 4 * RATE)
            self.assertLess(skew[len(skew) * 95 // 100], FRAME)

        self.watch(others, 5, check)

    def assert_joins_when_power_is_back(self, host):
        """Also where the card was changed, so that the film is missing; the others notice nothing."""
        self.cluster.on(host)
        shutil.rmtree(self.cluster.root(host) / "root/.cache/videowall", ignore_errors=True)
        self.start_display(host, 0, *TILE)
        number = self.cluster.hosts.index(host)
        self.screens[number] = self.screen(host, 0)
        others = self.screens[:number] + self.screens[number + 1:]
        began = time.monotonic()
        with Watch(others) as watch:
            self.wait_in_step(self.screens[number], 40)
            took = time.monotonic() - began
        skew = sorted(skews(watch.seen))
        print(f"{host} was in step for half a second {took:.1f} s after its power was back; the skew of {len(skew)} pictures of the "
              f"others was {statistics.median(skew) * 1000:.1f} ms, 95 of 100 below {skew[len(skew) * 95 // 100] * 1000:.1f} ms")
        print(f"the machine was held up {len(watch.held_up())} times meanwhile")
        # It comes back only once: on a machine that was busy more pictures may have been late.
        self.assertLess(skew[len(skew) // 2 if watch.held_up() else len(skew) * 95 // 100], FRAME)

    def assert_report_is_true(self, minute, began):
        log = (self.cluster.root("rpi1") / "root/skew.csv").read_text().splitlines()
        instants = {}
        speeds = []
        watched = minute.seen[0][0] - began
        for sample in csv.DictReader(log):
            # The first seconds, and those of the killed player, are for coming together.
            if watched + 5 < float(sample["seconds"]) < watched + 59:
                instants.setdefault(sample["seconds"], []).append(float(sample["error_ms"]))
                speeds.append(float(sample["speed"]))
                self.assertGreater(float(sample["clock_error_us"]) + (sample["rank"] == "0"), 0)
        spreads = {float(seconds): max(errors) - min(errors) for seconds, errors in instants.items() if len(errors) == len(self.screens)}
        spread = list(spreads.values())
        print(f"report: {len(spread)} samples, skew median {statistics.median(spread):.1f} ms, worst {max(spread):.1f} ms, "
              f"mean speed {statistics.mean(speeds):.6f}")
        self.assertGreater(len(spread), 190)
        self.assertLess(statistics.median(spread), 10)
        held_up = [when - began for when, _ in minute.held_up()]
        undisturbed = [spread for seconds, spread in spreads.items() if all(abs(seconds - when) > 2 for when in held_up)]
        self.assertLess(max(undisturbed, default=0), FRAME * 1000)
        # Rank 0's clock is 200 parts per million fast: so is the film.
        self.assertAlmostEqual(statistics.mean(speeds), 1.0002, delta=0.00015)


if __name__ == "__main__":
    missing = [program for program in ("mpv", "Xvfb") if shutil.which(program) is None]
    if missing and "PRUN_TEST_ALL" not in os.environ:
        print("skipped: there is no", " and no ".join(missing))
        sys.exit(vcluster.SKIPPED)
    vcluster.main()
