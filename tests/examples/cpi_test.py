import math
import re
import unittest

from example import ExampleTest


class Cpi(ExampleTest):
    def check(self, ranks, intervals, tolerance, *arguments):
        lines = self.output(ranks, "cpi", *arguments).splitlines()
        size = max(ranks, 1)
        for rank in range(size):
            self.assertEqual(sum(line.startswith(f"rank {rank} of {size} is on ") for line in lines), 1, lines)
        self.assertEqual(len(lines), size + 2, lines)
        result = re.fullmatch(r"pi is approximately (\d\.\d{16}), error (\d\.\d{16})", lines[-2])
        self.assertTrue(result, lines)
        pi, error = float(result[1]), float(result[2])
        self.assertLess(abs(pi - math.pi), tolerance)
        self.assertAlmostEqual(abs(pi - math.pi), error, delta=1e-15)
        self.assertRegex(lines[-1], rf"^{intervals} intervals in \d+\.\d{{6}} s$")

    def test_default_is_ten_million_intervals(self):
        for ranks in (0, 1, 2, 4, 7):
            with self.subTest(ranks=ranks):
                self.check(ranks, 10000000, 1e-12)

    def test_intervals_of_ones_own(self):
        self.check(4, 1000, 1e-6, "1000")
        self.check(7, 3, 0.02, "3")  # ranks without an interval add nothing
        # One interval, worked out by hand: 4 / (1 + 0.25).
        self.assertIn("approximately 3.2000000000000", self.output(2, "cpi", "1"))

    def test_bad_arguments(self):
        for bad in (["0"], ["-5"], ["many"], ["1", "2"]):
            with self.subTest(arguments=bad):
                self.refused(3, "cpi", *bad)
        self.helped(2, "cpi", "INTERVALS")


if __name__ == "__main__":
    unittest.main()
