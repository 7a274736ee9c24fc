"""Starts prun for tests and watches what it leaves behind."""

import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest
import uuid

PRUN = os.path.join(os.environ["PRUN_BIN"], "prun")
# KiB in a MiB of memory that prun may take: a sanitizer has tables of its own, and keeps what was freed for a while.
MIB = 1024 * (8 if os.environ.get("SANITIZE") else 1)
LIMIT = 30  # seconds for anything that should end by itself


def wait_until(condition, seconds, what):
    """Polls until the condition holds; its last value is returned."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)


def processes_with(token):
    """Process ids whose command line or environment holds the token, this process left out."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                if file.read().rpartition(b")")[2].split()[0] in (b"Z", b"X"):
                    continue
            with open(f"/proc/{name}/cmdline", "rb") as file:
                text = file.read()
            with open(f"/proc/{name}/environ", "rb") as file:
                text += file.read()
        except OSError:
            continue
        if token.encode() in text:
            found.append(int(name))
    return found


class Finished:
    def __init__(self, status, out, err, seconds):
        self.status = status
        self.out = out
        self.err = err
        self.seconds = seconds

    @property
    def last_line(self):
        return self.err.rstrip("\n").rpartition("\n")[2]


class LauncherTest(unittest.TestCase):
    """Every process a test starts carries the test's token; none may be left when it ends."""

    def setUp(self):
        self.token = "prun-test-" + uuid.uuid4().hex
        self.folder = tempfile.TemporaryDirectory(prefix="prun-test-")
        self.addCleanup(self.folder.cleanup)
        self.addCleanup(self.nothing_left)
        # Tests have more ranks than this machine has cores, and say nothing about it. No settings of the user's.
        self.environment = dict(os.environ, PRUN_TEST_TOKEN=self.token, PRUN_OPTIONS="--oversubscribe",
                                XDG_CONFIG_HOME=self.folder.name, XDG_CACHE_HOME=self.path("cache"), PRUN_PERSIST="no")
        for name in [n for n in self.environment if n.startswith(("SSH_", "PRUN_RANK", "PRUN_FD"))]:
            del self.environment[name]

    def nothing_left(self):
        try:
            wait_until(lambda: not processes_with(self.token), 5, "every process of the test is gone")
        except AssertionError:
            for pid in processes_with(self.token):
                os.kill(pid, signal.SIGKILL)
            raise

    def path(self, name):
        return str(pathlib.Path(self.folder.name, name))

    def write(self, name, text, mode=0o755):
        path = pathlib.Path(self.folder.name, name)
        path.write_text(text)
        path.chmod(mode)
        return str(path)

    def popen(self, *arguments, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        options.setdefault("env", self.environment)
        options.setdefault("start_new_session", True)
        process = subprocess.Popen([PRUN, *arguments], **options)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()

    def finish(self, process, data=None, limit=LIMIT):
        begun = time.monotonic()
        out, err = process.communicate(data, timeout=limit)
        text = [bytes(part or b"").decode(errors="replace") for part in (out, err)]
        return Finished(process.returncode, *text, time.monotonic() - begun)

    def run_prun(self, *arguments, data=None, **options):
        if data is not None:
            options["stdin"] = subprocess.PIPE
        return self.finish(self.popen(*arguments, **options), data)

    def assertQuiet(self, done):
        self.assertEqual(done.err, "")
        self.assertEqual(done.status, 0)
