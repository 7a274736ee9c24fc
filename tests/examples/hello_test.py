import re
import unittest

from example import ExampleTest


class Hello(ExampleTest):
    def test_every_rank_says_its_line(self):
        for ranks in (1, 2, 4, 7):
            with self.subTest(ranks=ranks):
                lines = sorted(self.output(ranks, "hello").splitlines())
                self.assertEqual(len(lines), ranks)
                for rank, line in enumerate(lines):
                    self.assertRegex(line, rf"^hello from rank {rank} of {ranks} on \S+$")
                hosts = {re.search(r" on (\S+)$", line)[1] for line in lines}
                self.assertEqual(len(hosts), 1)

    def test_without_prun(self):
        self.assertRegex(self.output(0, "hello"), r"^hello from rank 0 of 1 on \S+\n$")


if __name__ == "__main__":
    unittest.main()
