import re
import unittest

from example import ExampleTest


class Ring(ExampleTest):
    def check(self, ranks, rounds, *arguments):
        text = self.output(ranks, "ring", *arguments)
        first = re.match(r"ring of (\d+) ranks?, (\d+) rounds?: "
                         r"([\d.]+) us per hop \(median; ([\d.]+) at best\)\n", text)
        self.assertTrue(first, text)
        self.assertEqual((int(first[1]), int(first[2])), (max(ranks, 1), rounds))
        self.assertGreaterEqual(float(first[3]), float(first[4]))
        self.assertEqual(text[first.end():], "the token came back as it should every time\n")

    def test_token_goes_around(self):
        for ranks in (0, 1, 2, 4, 7):
            with self.subTest(ranks=ranks):
                self.check(ranks, 50, "50")

    def test_default_and_single_round(self):
        self.check(2, 1000)
        self.check(3, 1, "1")

    def test_bad_arguments(self):
        for bad in (["0"], ["-1"], ["ten"], ["5", "6"], ["--rounds"]):
            with self.subTest(arguments=bad):
                self.refused(3, "ring", *bad)
        self.helped(2, "ring", "ROUNDS")


if __name__ == "__main__":
    unittest.main()
