"""Hosts with different processors in one job: rpi1 as this machine, rpi2 64-bit ARM, rpi3 32-bit ARM, by qemu-user."""

import json
import os
import pathlib
import platform
import sys
import unittest

import vcluster
from vcluster import Cluster

AGENTS = pathlib.Path(os.environ.get("PRUN_AGENTS") or vcluster.SOURCE / "build/agents")
OWN_RANK = pathlib.Path(os.environ.get("PRUN_OWN_RANK") or vcluster.BIN.parent / f"tests/mixed.{platform.machine()}")
OWN = platform.machine()
WORK = "/root/work"  # the programs are there on rpi1 alone
MACHINES = {"rpi2": "aarch64", "rpi3": "armhf"}
CAN_RUN = {"rpi1": f"{OWN}/64", "rpi2": "aarch64/64", "rpi3": "armhf/32"}


class Mixed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Where prun stands: what a user has who has built all agents.
        cls.cluster = Cluster(hosts=4, bin=vcluster.BIN, bare=["rpi2", "rpi3", "rpi4"], rate="none", binds=[AGENTS],
                              machines=MACHINES)
        cls.enterClassContext(cls.cluster)
        for host in cls.cluster.hosts:
            (cls.cluster.root(host) / WORK.lstrip("/")).mkdir()
        work = cls.cluster.root("rpi1") / WORK.lstrip("/")
        for name, file in {f"mixed.{OWN}": OWN_RANK, "mixed.aarch64": AGENTS / "tests/mixed.aarch64",
                           "mixed.armhf": AGENTS / "tests/mixed.armhf", f"hello.{OWN}": vcluster.BIN / "hello",
                           "hello.aarch64": AGENTS / "tests/hello.aarch64",
                           "hello.armhf": AGENTS / "tests/hello.armhf"}.items():
            (work / name).write_bytes(file.read_bytes())
            (work / name).chmod(0o755)

    def tearDown(self):
        self.cluster.wait_idle()

    def prun(self, *words, **options):
        return self.cluster.run("rpi1", ["prun", *words], dir=WORK, timeout=120, **options)

    def agrees(self, hosts, *words):
        result = self.prun("-H", ",".join(hosts), *words)
        self.assertEqual((result.returncode, result.stderr, result.stdout),
                         (0, "", f"all agree: {' '.join(CAN_RUN[host] for host in hosts)}\n"))

    def fails(self, status, *words):
        result = self.prun(*words)
        self.assertEqual((result.returncode, result.stdout), (status, ""), result.stderr)
        return result.stderr

    def test_typed_data_among_all_of_them(self):
        self.agrees(["rpi1", "rpi2", "rpi3"], "./mixed.%a")
        # And with the 32-bit one where collectives begin, and two ranks of a host among others' ranks.
        self.agrees(["rpi3", "rpi1", "rpi2", "rpi3"], "--map-by", "node", "./mixed.%a")

    def test_an_example_built_for_each(self):
        # What a user would build on a Pi: the library and a program that finds it by find_package.
        result = self.prun("-H", "rpi1,rpi2,rpi3", "./hello.%a")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(sorted(result.stdout.splitlines()),
                         [f"hello from rank {rank} of 3 on rpi{rank + 1}" for rank in range(3)])

    def test_a_file_for_each_processor(self):
        self.agrees(["rpi2", "rpi1", "rpi3"], "--map", "arm64=./mixed.aarch64", "--map", "armhf=mixed.armhf",
                    f"./mixed.{OWN}")

    def test_the_agent_is_that_of_the_processor_and_kept(self):
        self.agrees(["rpi2", "rpi3"], "./mixed.%a")
        for host, name in (("rpi2", "aarch64"), ("rpi3", "armhf")):
            self.cluster.run("rpi1", ["ssh", host, "ls /root/.cache/prun"], check=True)
            kept = [path.name for path in (self.cluster.root(host) / "root/.cache/prun").glob("agent-*")]
            self.assertEqual([name_of.rsplit("-", 1)[0] for name_of in kept], [f"agent-{name}"])
        again = self.prun("-v", "-H", "rpi2,rpi3", "./mixed.%a")
        self.assertEqual((again.returncode, again.stderr.count("needs the agent"), again.stderr.count(": lacks ")), (0, 0, 0))
        self.assertRegex(again.stderr, r"rpi2: agent \S+ on rpi2 \(aarch64, ")
        self.assertRegex(again.stderr, r"rpi3: agent \S+ on rpi3 \(armv7l, ")

    def test_the_doctor_measures_links_between_different_processors(self):
        result = self.prun("doctor", "--json", "-H", "rpi1,rpi2,rpi3")
        told = json.loads(result.stdout)
        self.assertEqual([(link["from"], link["to"]) for link in told["links"]],
                         [("rpi1", "rpi2"), ("rpi1", "rpi3"), ("rpi2", "rpi3")])
        self.assertEqual([one for one in told["findings"] if one["severity"] == "failure"], [])
        # A prun that has their agents, and not what measures there.
        self.cluster.run("rpi1", ["sh", "-c", f"mkdir -p untold && cp {vcluster.BIN}/prun {vcluster.BIN}/prun-tune "
                                              f"{vcluster.BIN}/prun-agent-{OWN} {AGENTS}/prun-agent-* untold"], check=True)
        told = json.loads(self.cluster.run("rpi1", ["untold/prun", "doctor", "--json", "-H", "rpi1,rpi4,rpi3"]).stdout)
        self.assertEqual([(link["from"], link["to"]) for link in told["links"]], [("rpi1", "rpi4")])
        [found] = [one for one in told["findings"] if one["id"] == "links-not-measured"]
        self.assertEqual((found["hosts"], found["repair"]),
                         (["rpi3"], "build it, in the sources of prun: scripts/build-agents armhf"))

    def test_dry_run_shows_the_files(self):
        result = self.prun("--dry-run", "-H", "rpi1,rpi2", "./mixed.%a")
        self.assertIn(f"./mixed.%a: ./mixed.{OWN} ({OWN}), ./mixed.aarch64 (aarch64), ./mixed.armhf (armhf)\n",
                      result.stdout)
        result = self.prun("--dry-run", "-H", "rpi1,rpi2", "--map", "arm64=./mixed.aarch64", f"./mixed.{OWN}")
        self.assertIn(f"./mixed.{OWN}: ./mixed.aarch64 (aarch64), ./mixed.{OWN} (others)\n", result.stdout)

    def test_a_processor_without_a_file(self):
        self.cluster.run("rpi1", ["mv", f"{WORK}/mixed.armhf", f"{WORK}/away"], check=True)
        try:
            words = self.fails(127, "-H", "rpi1,rpi3", "./mixed.%a")
            self.assertIn("prun: rpi3: cannot run ./mixed.armhf: it is not there", words)
            self.assertIn("; its processor is armv7l; looked for here: ./mixed.armv7l, ./mixed.armhf, ./mixed.arm, "
                          f"./mixed.armv6, ./mixed.armv6l; here is ./mixed.{OWN}, ./mixed.aarch64\n", words)
        finally:
            self.cluster.run("rpi1", ["mv", f"{WORK}/away", f"{WORK}/mixed.armhf"], check=True)

    def test_a_file_for_another_processor(self):
        # rpi4 has this machine's.
        words = self.fails(126, "-H", "rpi4", "./mixed.armhf")
        self.assertIn("prun: rpi4: cannot run ./mixed.armhf: it is built for ARM 32-bit (armv6, armv7), this host is ", words)
        self.assertIn(f"; build it for that too, and say --map {OWN}=FILE", words)

    def test_no_agent_for_the_processor(self):
        # A prun without the others' agents beside it.
        self.cluster.run("rpi1", ["sh", "-c", f"mkdir -p alone && cp {vcluster.BIN}/prun {vcluster.BIN}/prun-agent-{OWN} alone"],
                         check=True)
        result = self.cluster.run("rpi1", ["alone/prun", "-H", "rpi4,rpi3", "hostname"])
        self.assertEqual((result.returncode, result.stdout), (125, ""))
        self.assertIn("prun: rpi3: its processor is armv7l, and prun has no agent for that: no prun-agent-armhf or "
                      f"prun-agent-armv6 in /root/alone or /root/libexec/prun, where there is {OWN}; "
                      "build it: cmake --preset agent-armhf\n", result.stderr)


if __name__ == "__main__":
    missing = [path for path in (AGENTS / "prun-agent-aarch64", AGENTS / "prun-agent-armhf", AGENTS / "tests/mixed.aarch64",
                                 AGENTS / "tests/mixed.armhf", AGENTS / "prun-tune-aarch64", AGENTS / "prun-tune-armhf",
                                 AGENTS / "tests/hello.aarch64", AGENTS / "tests/hello.armhf")
               if not path.exists()]
    if missing and not os.environ.get("PRUN_TEST_ALL"):
        print(f"skipped: {missing[0]} is not built: scripts/build-agents --tests")
        sys.exit(vcluster.SKIPPED)
    vcluster.main(MACHINES)
