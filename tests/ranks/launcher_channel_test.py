"""The control channel between agents and ranks, with ranks that speak it by hand."""

import os
import sys
import time
import unittest

from launcher_support import LauncherTest


class Channel(LauncherTest):
    def ranks(self, size, code, *arguments):
        program = self.write("rank.py", "import os, sys, time\nfrom launcher_rank import *\nchannel = Channel()\n" + code)
        self.environment["PYTHONPATH"] = os.path.dirname(os.path.abspath(__file__))
        return self.run_prun(*arguments, "-n", str(size), sys.executable, program)

    def test_welcome(self):
        done = self.ranks(3, "welcome = channel.join()\nprint(welcome)\nchannel.finalize()\n")
        self.assertQuiet(done)
        welcomes = [eval(line) for line in done.out.splitlines()]
        self.assertEqual(sorted(welcome["rank"] for welcome in welcomes), [0, 1, 2])
        for welcome in welcomes:
            self.assertEqual(welcome["hosts"], [(os.uname().nodename, "127.0.0.1")])
            self.assertEqual(welcome["host_of_rank"], [0, 0, 0])
            self.assertEqual(welcome["bind"], "127.0.0.1")
            self.assertEqual(welcome["cores"], len(os.sched_getaffinity(0)))
            self.assertEqual(welcome["key"], welcomes[0]["key"])
            self.assertEqual(welcome["job"], welcomes[0]["job"])
        self.assertNotEqual(welcomes[0]["key"], bytes(32))

    def test_cores_are_those_that_may_be_used(self):
        first = min(os.sched_getaffinity(0))
        program = self.write("rank.py", "from launcher_rank import *\nchannel = Channel()\n"
                             "print(channel.join()['cores'])\nchannel.finalize()\n")
        self.environment["PYTHONPATH"] = os.path.dirname(os.path.abspath(__file__))
        done = self.run_prun(sys.executable, program, preexec_fn=lambda: os.sched_setaffinity(0, {first}))
        self.assertEqual(done.out, "1\n")

    def test_compression_is_as_asked_for(self):
        for options, number in (([], 0), (["--compress=off"], 1), (["--compress", "lz4"], 2)):
            done = self.ranks(1, "print(channel.join()['compression'])\nchannel.finalize()\n", *options)
            self.assertEqual(done.out, f"{number}\n")
        done = self.ranks(1, "", "--compress=gzip")
        self.assertEqual(done.status, 125)
        self.assertIn("prun: --compress: 'gzip' is none of auto, off or lz4", done.err)

    def test_encryption_is_as_asked_for(self):
        for options, number in (([], 0), (["--encrypt"], 1)):
            done = self.ranks(1, "print(channel.join()['encrypt'])\nchannel.finalize()\n", *options)
            self.assertEqual(done.out, f"{number}\n")

    def test_the_memory_of_a_host_is_for_two_ranks_or_more(self):
        code = ("memory = channel.join()['shared_memory']\n"
                "print(os.readlink(f'/proc/self/fd/{memory}') if memory >= 0 else 'none')\nchannel.finalize()\n")
        self.assertEqual(self.ranks(1, code).out, "none\n")
        self.assertEqual(self.ranks(2, code).out, 2 * "/memfd:prun (deleted)\n")
        self.environment["PRUN_SHM"] = "off"
        self.assertEqual(self.ranks(2, code).out, 2 * "none\n")

    def test_keys_differ_from_job_to_job(self):
        keys = {self.ranks(1, "print(channel.join()['key'])\nchannel.finalize()\n").out for _ in range(2)}
        self.assertEqual(len(keys), 2)

    def test_endpoints_reach_all_ranks(self):
        done = self.ranks(4, "channel.join()\nchannel.endpoint(1000 + channel.rank)\n"
                             "print(sorted(channel.endpoints(4).items()))\nchannel.finalize()\n")
        self.assertEqual(done.out, "[(0, 1000), (1, 1001), (2, 1002), (3, 1003)]\n" * 4)
        self.assertQuiet(done)

    def test_who_joins_late_gets_the_endpoints_too(self):
        done = self.ranks(3, f"flag = '{self.path('flag')}'\n"
                             "if channel.rank == 2:\n"
                             "    while not os.path.exists(flag): time.sleep(0.01)\n"
                             "channel.join()\nchannel.endpoint(1000 + channel.rank)\n"
                             "if channel.rank == 0:\n"
                             "    channel.endpoints(2)\n"
                             "    open(flag, 'w')\n"
                             "    channel.endpoints(1)\n"
                             "else: channel.endpoints(3)\n"
                             "print('all')\nchannel.finalize()\n")
        self.assertEqual(done.out, "all\n" * 3)
        self.assertQuiet(done)

    def test_orderly_end_of_a_peer(self):
        done = self.ranks(2, "channel.join()\n"
                             "if channel.rank == 1: print(channel.lost())\n"
                             "channel.finalize()\n")
        self.assertEqual(done.out, "(0, True, 'exited with status 0')\n")
        self.assertQuiet(done)

    def test_a_peer_that_never_joined_and_ended_well(self):
        done = self.ranks(2, "if channel.rank == 0: sys.exit(0)\n"
                             "channel.join()\nprint(channel.lost())\nchannel.finalize()\n")
        self.assertEqual(done.out, "(0, True, 'exited with status 0')\n")
        self.assertQuiet(done)

    def test_death_of_a_peer(self):
        done = self.ranks(2, "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                             "channel.join()\n"
                             "channel.endpoint(1)\nchannel.endpoints(2)\n"
                             "if channel.rank == 0: os.kill(os.getpid(), signal.SIGSEGV)\n"
                             "print(channel.lost())\nchannel.finalize()\n")
        self.assertEqual(done.out, "(0, False, 'died: signal 11 (segmentation fault)')\n")
        self.assertEqual(done.status, 139)

    def test_exit_in_the_middle(self):
        done = self.ranks(2, "channel.join()\nif channel.rank == 1: sys.exit(0)\ntime.sleep(100)\n")
        self.assertEqual(done.status, 1)
        self.assertRegex(done.last_line, "rank 1 on .* ended without finalize")
        self.assertLess(done.seconds, 2)

    def test_finalize_and_exit_at_once(self):
        # The last frame stands in the channel when the process is gone already.
        done = self.ranks(8, "channel.join()\nchannel.finalize()\nos._exit(0)\n")
        self.assertQuiet(done)

    def test_abort(self):
        done = self.ranks(2, "channel.join()\n"
                             "if channel.rank == 1: channel.abort(42, 'no more prime numbers')\n"
                             "time.sleep(100)\n")
        self.assertEqual(done.status, 42)
        self.assertRegex(done.last_line, "rank 1 on .* status 42: no more prime numbers$")
        self.assertLess(done.seconds, 2)

    def test_another_protocol(self):
        done = self.ranks(2, "channel.hello(protocol=9, version='7.7.7')\nchannel.receive()\n")
        self.assertEqual(done.status, 125)
        self.assertRegex(done.last_line, "built with prun 7.7.7")

    def test_lies_end_the_job_with_the_name_of_the_liar_and_hurt_nobody(self):
        lies = {
            "impossible length": "channel.socket.sendall(b'\\xff' * 5)",
            "unknown kind": "channel.send(77)",
            "another rank's endpoint": "channel.join(); channel.rank = 0; channel.endpoint(1)",
            "endpoint too short": "channel.join(); channel.send(ENDPOINT, b'\\0')",
            "bytes left over": "channel.join(); channel.send(FINALIZED, b'\\0')",
            "a message of agents": "channel.send(WELCOME)",
            "two endpoints": "channel.join(); channel.endpoint(5); channel.endpoint(6)",
            "two hellos": "channel.join(); channel.hello()",
            "hellos without end": "for _ in range(100000): channel.hello()",
        }
        for name, lie in lies.items():
            with self.subTest(name):
                done = self.ranks(2, f"if channel.rank == 1:\n    {lie}\ntime.sleep(100)\n")
                self.assertEqual(done.status, 125, done.err)
                self.assertRegex(done.last_line, "^prun: rank 1 on .* its control channel broke: ")
                self.assertLess(done.seconds, 3)

    def test_a_rank_that_closes_its_channel(self):
        done = self.ranks(2, "channel.socket.close()\nprint('on')\n")
        self.assertEqual(done.out, "on\non\n")
        self.assertQuiet(done)

    def test_a_rank_that_never_reads(self):
        done = self.ranks(2, "channel.hello()\n"
                             "channel.endpoint(5)\n"
                             "channel.finalize()\n")
        self.assertQuiet(done)


if __name__ == "__main__":
    unittest.main()
