"""The commands of the tutorials, word for word, with prun in the place of mpiexec."""

import os
import pathlib
import shlex
import unittest

import vcluster
from vcluster import Cluster

ADDRESSES = [f"10.0.0.{number}" for number in range(1, 5)]

HELLO = """import os
print("Hello from", os.uname().nodename, os.environ["PRUN_RANK"], "of", os.environ["PRUN_SIZE"])
"""

PRIME = """import os, sys
limit, rank, size = int(sys.argv[1]), int(os.environ["PRUN_RANK"]), int(os.environ["PRUN_SIZE"])
print(rank, sum(all(n % d for d in range(2, int(n**0.5) + 1)) for n in range(2 + rank, limit, size)))
"""

# The video wall: each rank shows its own film on its own screen.
EXAMPLE = """import os
os.environ["DISPLAY"] = ":0.0"
print(f"screen{int(os.environ['PRUN_RANK']) + 1}.mp4 on", os.uname().nodename)
"""


class Tutorials(unittest.TestCase):
    """One cluster of four boards, whose second network has the addresses of the tutorial."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(hosts=4)
        cls.enterClassContext(cls.cluster)
        # A private wired "backbone" beside the other network, as the second tutorial builds it.
        names = cls.cluster.hosts
        for host, address in zip(names, ADDRESSES):
            cls.cluster.run(host, ["sh", "-c", "ip address add " + address + "/24 dev $(ip -o route get 10.77.0.9 | sed 's/.* dev \\([^ ]*\\).*/\\1/')"],
                            check=True)
        cls.cluster.run("rpi1", ["sh", "-c", "for host in 10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4; do "
                                 "ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new $host true || exit 1; done"], check=True)
        home = cls.cluster.root("rpi1") / "root"
        (home / "hostfile").write_text("".join(name + "\n" for name in names))
        (home / "mpiexec-all").write_text("".join(name + "\n" for name in names))
        (home / "machinefile").write_text("10.0.0.1\n10.0.0.2\n")
        # "Each node needs an identical copy of the script in the same place."
        for host in names:
            home = pathlib.Path(cls.cluster.root(host)) / "root"
            (home / "helloworld.py").write_text(HELLO)
            (home / "Hello.py").write_text(HELLO)
            (home / "prime.py").write_text(PRIME)
            (home / "example.py").write_text(EXAMPLE)
            (home / "cpi").symlink_to(vcluster.BIN / "cpi")
            (home / "mpich2-build/examples").mkdir(parents=True)
            (home / "mpich2-build/examples/cpi").symlink_to(vcluster.BIN / "cpi")
            # Raspbian's name of it.
            (home / "bin").mkdir()
            (home / "bin/python").symlink_to("/usr/bin/python3")

    def type(self, command):
        """What the tutorial types, with mpiexec or mpirun replaced; its sorted lines."""
        words = [os.path.expanduser(word) for word in shlex.split(command)]
        self.assertIn(words[0], ("mpiexec", "mpirun"))
        result = self.cluster.run("rpi1", ["prun", *words[1:]], env={"PRUN_OPTIONS": "--oversubscribe -x PATH=/root/bin:" + os.environ["PATH"]})
        self.assertEqual((result.returncode, result.stderr), (0, ""), command)
        return sorted(result.stdout.splitlines())

    def test_one_script_here(self):
        self.assertEqual(self.type("mpirun python3 Hello.py"), ["Hello from rpi1 0 of 1"])

    def test_hostname(self):
        self.assertEqual(self.type("mpiexec -n 1 hostname"), ["rpi1"])
        self.assertEqual(self.type("mpiexec -n 2 hostname"), ["rpi1", "rpi1"])
        self.assertEqual(self.type("mpiexec -n 4 --hosts 10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4 hostname"),
                         ["rpi1", "rpi2", "rpi3", "rpi4"])

    def test_primes(self):
        lines = self.type("mpiexec -n 4 --host 10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4 python3 prime.py 100000")
        self.assertEqual([line.split()[0] for line in lines], ["0", "1", "2", "3"])
        self.assertEqual(sum(int(line.split()[1]) for line in lines), 9592)

    def test_an_address_twice_by_mistake(self):
        lines = self.type("mpiexec -n 4 --host 10.0.0.1,10.0.0.2,10.0.0.2,10.0.0.4 python3 prime.py 1000")
        self.assertEqual(sum(int(line.split()[1]) for line in lines), 168)

    def test_hello_of_all_nodes(self):
        self.assertEqual(self.type("mpiexec --hostfile hostfile python3 helloworld.py"),
                         [f"Hello from rpi{rank + 1} {rank} of 4" for rank in range(4)])

    def test_video_wall(self):
        self.assertEqual(self.type("mpiexec -n 4 -machinefile mpiexec-all -pernode python example.py"),
                         [f"screen{number}.mp4 on rpi{number}" for number in range(1, 5)])

    def test_pi(self):
        for command in ("mpiexec -f machinefile -n 2 ~/mpich2-build/examples/cpi", "mpiexec -f machinefile -n 2 ./cpi",
                        "mpiexec -f machinefile ./cpi"):
            with self.subTest(command):
                text = "\n".join(self.type(command))
                self.assertIn("3.14159", text)


if __name__ == "__main__":
    vcluster.main()
