"""Sessions of a connection that OpenSSH's master keeps, with a stand-in for the master, and one for ssh beside it."""

import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import threading
import unittest

from launcher_support import LauncherTest, processes_with, wait_until

HELLO, NEW_SESSION, FAILURE, EXIT, OPENED = 1, 0x10000002, 0x80000003, 0x80000004, 0x80000006
SESSION = 7


def packet(*fields):
    body = b"".join(struct.pack(">I", field) if isinstance(field, int) else struct.pack(">I", len(field)) + field
                    for field in fields)
    return struct.pack(">I", len(body)) + body


class Master:
    """Listens where prun expects a master, and meets each who asks with `answer(client)`."""

    def __init__(self, test, path, answer):
        self.clients = []
        self.commands = []
        self.environments = []
        self.answer = answer
        self.environment = test.environment
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        test.addCleanup(self.end)

    def end(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()
        for client in self.clients:
            client.close()

    def serve(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            self.clients.append(client)
            self.answer(self, client)

    @staticmethod
    def read(client):
        length = struct.unpack(">I", client.recv(4, socket.MSG_WAITALL))[0]
        return client.recv(length, socket.MSG_WAITALL)

    def take(self, client):
        """What ssh itself would ask; the descriptors."""
        assert self.read(client) == struct.pack(">II", HELLO, 4)
        request = self.read(client)
        assert request[:36] == struct.pack(">IIIIIIIII", NEW_SESSION, 0, 0, 0, 0, 0, 0, 0xffffffff, 0), request[:36]
        strings, rest = [], request[36:]
        while rest:
            length = struct.unpack(">I", rest[:4])[0]
            strings.append(rest[4:4 + length].decode())
            rest = rest[4 + length:]
        self.commands.append(strings[0])
        self.environments.append(strings[1:])
        return [socket.recv_fds(client, 1, 1)[1][0] for _ in range(3)]

    def run(self, client):
        """As a master does it, but here; its end and that of the client, whichever comes first, is the other's."""
        fds = self.take(client)
        child = subprocess.Popen(["sh", "-c", self.commands[-1]], stdin=fds[0], stdout=fds[1], stderr=fds[2],
                                 env=self.environment, start_new_session=True)
        for fd in fds:
            os.close(fd)
        client.sendall(packet(HELLO, 4) + packet(OPENED, 0, SESSION))

        def wait():
            status = child.wait()
            try:
                client.sendall(packet(EXIT, SESSION, status & 0xff))
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        threading.Thread(target=wait).start()
        return child


class Sessions(LauncherTest):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("run"))
        self.environment.update(XDG_RUNTIME_DIR=self.path("run"), PRUN_PERSIST="yes")
        self.asked = self.path("asked")
        self.ssh = self.write("ssh", f'#!/bin/sh\necho x >> {self.asked}\nfor word; do command=$word; done\nexec sh -c "$command"\n')

    def prun(self, *words, hosts="far"):
        return ["--launcher-exec", self.ssh, "-H", hosts, *words]

    def socket(self, host, *words):
        """Where prun looks for the master of that host: in the configuration that it leaves for ssh."""
        self.run_prun(*self.prun(*words, "true", hosts=host))
        os.remove(self.asked)
        for file in pathlib.Path(self.path("run/prun")).glob("*.conf"):
            if file.read_text().startswith(f"# to {host}\n"):
                return re.search('ControlPath "(.*)"', file.read_text())[1]
        raise AssertionError("no configuration for " + host)

    def master(self, answer, host="far"):
        return Master(self, self.socket(host), answer)

    def logins_by_ssh(self):
        if not os.path.exists(self.asked):
            return 0
        with open(self.asked) as file:
            return len(file.read().split())

    def test_no_ssh_is_started(self):
        master = self.master(Master.run)
        self.environment["SAID_BY_SSH"] = "yes"
        done = self.run_prun(*self.prun("sh", "-c", "cat; echo $PRUN_HOST; exit 3", hosts="far"), data=b"through\n")
        self.assertEqual((done.out, done.status, self.logins_by_ssh()), ("through\nfar\n", 3, 0), done.err)
        # Which of them travel is for the master to say.
        self.assertIn("SAID_BY_SSH=yes", master.environments[0])
        self.assertTrue(all("=" in variable for variable in master.environments[0]))

    def test_much_output(self):
        self.master(Master.run)
        done = self.run_prun(*self.prun("head", "-c", "3000000", "/dev/zero"))
        self.assertEqual((len(done.out), self.logins_by_ssh()), (3000000, 0))
        self.assertQuiet(done)

    def test_masters_that_refuse_or_make_no_sense(self):
        def says(*packets, takes=True):
            def answer(master, client):
                if takes:
                    for fd in master.take(client):
                        os.close(fd)
                client.sendall(b"".join(packets))
                client.shutdown(socket.SHUT_RDWR)
            return answer
        hello = packet(HELLO, 4)
        for number, (what, answer) in enumerate({
            "leaves at once": says(takes=False),
            "leaves when asked": says(hello),
            "another version": says(packet(HELLO, 5)),
            "does not greet": says(packet(OPENED, 0, SESSION)),
            "no more sessions": says(hello, packet(FAILURE, 0, b"Session open refused by peer")),
            "answers another": says(hello, packet(OPENED, 1, SESSION)),
            "half a word": says(hello, packet(OPENED, 0, SESSION)[:-1]),
            "exits before": says(hello, packet(EXIT, SESSION, 0)),
            "too long a word": says(hello, b"\xff\xff\xff\xff"),
            "too short a word": says(hello, b"\0\0\0\3abc"),
        }.items()):
            with self.subTest(what):
                host = f"far{number}"
                master = self.master(answer, host)
                done = self.run_prun(*self.prun("echo", "here", hosts=host))
                self.assertEqual((done.out, self.logins_by_ssh(), len(master.clients)), ("here\n", 1, 1))
                self.assertQuiet(done)
                self.assertLess(done.seconds, 2)

    def test_nobody_behind_the_socket(self):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(self.socket("far"))
        done = self.run_prun(*self.prun("echo", "here"))
        self.assertEqual((done.out, self.logins_by_ssh()), ("here\n", 1))
        self.assertQuiet(done)

    def test_masters_that_do_not_answer(self):
        """One is silent; the other's session never comes to a shell. Both sockets are given up."""
        def open_only(master, client):
            master.fds = master.take(client)
            client.sendall(packet(HELLO, 4) + packet(OPENED, 0, SESSION))
        masters = [self.master(lambda master, client: None, "far1"), self.master(open_only, "far2")]
        done = self.run_prun(*self.prun("echo", "here", hosts="far1,far2"))
        for fd in masters[1].fds:
            os.close(fd)
        self.assertEqual((done.out, self.logins_by_ssh()), ("here\nhere\n", 2))
        self.assertQuiet(done)
        self.assertEqual([name for name in os.listdir(self.path("run/prun")) if name.endswith(".ssh")], [])

    def test_arguments_of_the_users_are_for_ssh(self):
        master = Master(self, self.socket("far", "--ssh-args", "-v"), Master.run)
        self.assertEqual(self.run_prun(*self.prun("--ssh-args", "-v", "echo", "here")).out, "here\n")
        self.assertEqual((self.logins_by_ssh(), master.clients), (1, []))

    def start(self, answer):
        self.master(answer)
        process = self.popen(*self.prun("sh", "-c", "echo up; exec sleep 100"))
        self.assertEqual(process.stdout.readline(), b"up\n")
        return process

    def test_the_master_dies_while_the_job_runs(self):
        children = []
        process = self.start(lambda master, client: children.append((master.run(client), client)))
        child, client = wait_until(lambda: children, 5, "the master has told that it runs")[0]
        client.shutdown(socket.SHUT_RDWR)
        os.killpg(child.pid, signal.SIGKILL)
        done = self.finish(process)
        self.assertEqual(done.status, 125)
        self.assertEqual(done.last_line, "prun: lost the connection to far (rank 0): the kept ssh connection has ended")
        self.assertLess(done.seconds, 4)

    def test_sigkill_of_prun_ends_the_job(self):
        process = self.start(Master.run)
        process.kill()
        process.wait()
        wait_until(lambda: not processes_with(self.token), 5, "nothing is left")

    def test_ctrl_c_before_the_master_answers(self):
        master = self.master(lambda master, client: None)
        process = self.popen(*self.prun("true"))
        wait_until(lambda: master.clients, 5, "the master was asked")
        process.send_signal(signal.SIGINT)
        done = self.finish(process)
        self.assertEqual((done.status, done.err), (130, "prun: interrupted\n"))
        self.assertLess(done.seconds, 2)


if __name__ == "__main__":
    unittest.main()
