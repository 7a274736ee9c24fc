import re
import unittest

from example import ExampleTest, command_under_prun, program


def primes_below(limit):
    """A reference of its own: the plain sieve, every number a byte."""
    is_prime = bytearray([1]) * max(limit, 2)
    is_prime[0:2] = b"\0\0"
    for n in range(2, int(limit**0.5) + 1):
        if is_prime[n]:
            is_prime[n * n::n] = bytes(len(range(n * n, len(is_prime), n)))
    return [n for n in range(limit) if is_prime[n]]


class Prime(ExampleTest):
    def check(self, text, ranks, limit, total):
        """The table adds up and the last lines say what it comes to."""
        lines = text.splitlines()
        self.assertEqual(len(lines), ranks + 3, text)
        self.assertEqual(lines[0].split(), ["rank", "host", "primes", "found", "seconds"])
        found = 0
        for rank, line in enumerate(lines[1:1 + ranks]):
            row = re.fullmatch(r" *(\d+)  (\S+) +(\d+) +(\d+\.\d{6})", line)
            self.assertTrue(row, text)
            self.assertEqual(int(row[1]), rank)
            found += int(row[3])
        self.assertEqual(found, total)
        s = "" if total == 1 else "s"
        by = "1 rank" if ranks == 1 else f"{ranks} ranks"
        self.assertEqual(lines[-2], f"{total} prime{s} below {limit}, found by {by} on 1 host")
        self.assertRegex(lines[-1], r"^\d+\.\d{6} s in all at rank 0; the slowest rank searched for \d+\.\d{6} s$")

    def test_known_counts(self):
        for ranks in (1, 2, 4, 7):
            for limit, total in ((100_000, 9592), (1_000_000, 78498), (10_000_000, 664579)):
                with self.subTest(ranks=ranks, limit=limit):
                    self.check(self.output(ranks, "prime", str(limit)), ranks, limit, total)

    def test_without_prun(self):
        self.check(self.output(0, "prime", "100000"), 1, 100_000, 9592)

    def test_trial_division(self):
        for ranks in (1, 2, 4, 7):
            with self.subTest(ranks=ranks):
                self.check(self.output(ranks, "prime", "100000", "--method", "trial"), ranks, 100_000, 9592)
        self.check(self.output(2, "prime", "--method=trial", "1000000"), 2, 1_000_000, 78498)

    def test_limits_around_primes_and_more_ranks_than_numbers(self):
        for method in ("sieve", "trial"):
            for limit in (0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12):
                with self.subTest(method=method, limit=limit):
                    self.check(self.output(7, "prime", str(limit), "--method", method), 7, limit,
                               len(primes_below(limit)))

    def test_limits_at_squares_of_primes_and_ends_of_segments(self):
        segment = 2 * 2**15
        limits = [n * n + d for n in (13, 17, 251, 257) for d in (0, 1, 2)]
        limits += [segment + d for d in (-1, 0, 1, 2)] + [15015 * 2 + d for d in (0, 1)] + [3 * segment + 1]
        for limit in limits:
            with self.subTest(limit=limit):
                self.check(self.output(0, "prime", str(limit)), 1, limit, len(primes_below(limit)))

    def test_way_of_writing_the_limit(self):
        self.check(self.output(2, "prime", "1e5"), 2, 100_000, 9592)
        self.check(self.output(2, "prime", "10e4"), 2, 100_000, 9592)

    def test_list(self):
        for method in ("sieve", "trial"):
            for ranks, limit in ((0, 1000), (1, 30), (2, 100_000), (4, 65537), (7, 10), (7, 2), (7, 1_000)):
                with self.subTest(method=method, ranks=ranks, limit=limit):
                    done = self.start(ranks, "prime", str(limit), "--list", "--method", method)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    primes = primes_below(limit)
                    self.assertEqual([int(line) for line in done.stdout.splitlines()], primes)
                    self.check(done.stderr, max(ranks, 1), limit, len(primes))

    def test_list_of_more_than_one_window(self):
        limit = 2**24 + 70_000
        done = self.start(3, "prime", str(limit), "--list")
        self.assertEqual(done.returncode, 0, done.stderr)
        primes = primes_below(limit)
        # Not assertEqual on the lists: a million lines are no message.
        self.assertTrue(done.stdout == "".join(f"{prime}\n" for prime in primes))
        self.check(done.stderr, 3, limit, len(primes))

    def test_farm(self):
        for ranks in (0, 1, 2, 4, 7):
            for method in ("sieve", "trial"):
                with self.subTest(ranks=ranks, method=method):
                    text = self.output(ranks, "prime", "1000000", "--farm", "--method", method)
                    self.check(text, max(ranks, 1), 1_000_000, 78498)
        for limit in (0, 1, 2, 3, 65536, 65537, 65538, 131072):
            with self.subTest(limit=limit):
                self.check(self.output(3, "prime", str(limit), "--farm"), 3, limit, len(primes_below(limit)))

    def test_progress_of_a_farm(self):
        done = self.start(3, "prime", "1e7", "--farm", "--progress")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check(done.stdout, 3, 10_000_000, 664579)
        self.assertRegex(done.stderr.splitlines()[-1], r"^153 of 153 pieces done, \d+\.\d a second$")

    def test_a_farm_whose_workers_die(self):
        # Those that have searched for a second are killed by the system; rank 0 does the rest.
        script = f"test $PRUN_RANK = 0 || ulimit -t 1; exec {program('prime')} 1e10 --farm --progress"
        done = command_under_prun(3, "sh", "-c", script, options=("--on-failure=continue",))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check(done.stdout, 3, 10_000_000_000, 455052511)
        self.assertRegex(done.stderr, r"pieces done, \d+\.\d a second, lost: \S+\n")
        self.assertRegex(done.stderr, r"prun: went on without ranks 1 and 2 on \S+\n$")

    def test_bad_arguments(self):
        for bad, words in (([], "LIMIT"), (["-5"], "-5"), (["ten"], "ten"), (["10.5"], "10.5"), ([""], "''"),
                           (["1e"], "1e"), (["0x10"], "0x10"), (["10", "20"], "20"),
                           (["10", "--method", "guess"], "guess"), (["10", "--lists"], "--lists"),
                           (["10", "--farm", "--list"], "--list"), (["10", "--progress"], "--farm")):
            with self.subTest(arguments=bad):
                self.assertIn(words, self.refused(3, "prime", *bad))
        self.helped(3, "prime", "LIMIT", "--method", "--list", "--farm", "--progress")

    def test_limits_too_large_for_a_lifetime(self):
        for large in ("1000000000000001", str(2**64 - 1), str(2**64), "9" * 40, "1e16", "1e99999999999999999999"):
            with self.subTest(limit=large):
                self.assertIn("1000000000000000 at most", self.refused(2, "prime", large))
        self.assertIn("100000000000 at most", self.refused(0, "prime", "1e12", "--method", "trial"))


if __name__ == "__main__":
    unittest.main()
