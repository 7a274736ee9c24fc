"""Where things are measured. A place runs commands on its hosts and cleans up after itself."""
import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
VCLUSTER = os.path.join(SOURCE, "scripts", "vcluster")


class PlaceError(Exception):
    pass


class CommandFailed(Exception):
    """output: what it printed before."""

    def __init__(self, cause, output=""):
        super().__init__(cause)
        self.output = output


LINGER_SECONDS = 10  # in which a program that has printed all must end


def run_command(command, timeout, silence=None, complete=lambda text: False):
    """Runs it, returns its standard output. Raises CommandFailed with its last words; nothing is left running.

    silence: it is given up when it prints nothing for so many seconds. complete: whether this output is all.
    """
    output = bytearray()
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=words,
                                   start_new_session=True)
        try:
            cause = _read_all(process.stdout, output, timeout, silence or timeout, complete)
            if cause is None:
                try:
                    process.wait(timeout=silence or timeout)
                except subprocess.TimeoutExpired:
                    cause = "closed its output and did not end"
        finally:
            end_process(process)
        words.seek(0)
        said = words.read().decode(errors="replace")
    text = output.decode(errors="replace")
    if cause is None and process.returncode != 0:
        lines = [line for line in (said or text).splitlines() if line.strip()]
        cause = f"exit status {process.returncode}: " + (" / ".join(lines[-3:]) or "no message")
    if cause is not None:
        raise CommandFailed(cause, text)
    return text


def _read_all(pipe, output, timeout, silence, complete):
    """Reads until the end, which is None, or until that takes too long, which is returned in words."""
    deadline = time.monotonic() + timeout
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return f"not done after {timeout:.0f} s"
            all_there = complete(output.decode(errors="replace"))
            patience = min(silence, LINGER_SECONDS) if all_there else silence
            if not selector.select(min(left, patience)):
                if patience < left:
                    return "printed everything and did not end" if all_there else f"silent for {silence:.0f} s"
                continue
            data = os.read(pipe.fileno(), 65536)
            if not data:
                return None
            output += data


def end_process(process):
    """TERM, so that a launcher ends its ranks, then KILL to whatever is left of its session."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


class LocalMachine:
    """This machine alone: ranks are its own processes."""
    kind = "local"

    def __init__(self, ranks):
        self.hosts = ranks
        self.rate = None
        self.burst = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False

    def names(self, count):
        return None

    def tcp_address(self):
        return "127.0.0.1"

    def on(self, host, command):
        return command

    def recover(self):
        pass

    def describe(self):
        return f"ranks are processes of this machine, up to {self.hosts}"


class VirtualCluster:
    """Hosts rpi1, rpi2 ... of a cluster of its own; up inside `with`, gone afterwards, also when this process dies."""
    kind = "cluster"

    def __init__(self, hosts, rate_text, binaries, name=None):
        self.hosts = hosts
        self.rate_text = rate_text
        self.rate = rate_bits(rate_text)
        # The token bucket of the cluster's links (scripts/vcluster --help).
        self.burst = 0 if self.rate is None else max(3200, int(self.rate / 32000))
        self.binaries = binaries
        self.name = name or f"bench{os.getpid()}"

    def _vcluster(self, *arguments):
        return [VCLUSTER, "--name", self.name, *arguments]

    def _call(self, *arguments):
        done = subprocess.run(self._vcluster(*arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              start_new_session=True)
        if done.returncode != 0:
            raise PlaceError((done.stderr or done.stdout).strip())

    def __enter__(self):
        if not os.access(VCLUSTER, os.X_OK):
            raise PlaceError(f"{VCLUSTER} is missing; --local measures without it")
        try:
            self._call("up", str(self.hosts), "--rate", self.rate_text, "--bin", self.binaries,
                       "--bind", self.binaries, "--owner", str(os.getpid()))
        except BaseException:
            self._down()
            raise
        return self

    def __exit__(self, *_):
        self._down()
        return False

    def _down(self):
        before = {number: signal.signal(number, signal.SIG_IGN)
                  for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            subprocess.run(self._vcluster("down"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           start_new_session=True, check=False)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def names(self, count):
        return [f"rpi{i + 1}" for i in range(count)]

    def tcp_address(self):
        return "rpi2"

    def on(self, host, command):
        return self._vcluster("sh", f"rpi{host + 1}", *command)

    def recover(self):
        """After a run that had to be killed: no rank of it may be left on any host."""
        for name in self.names(self.hosts):
            self._call("off", name)
            self._call("on", name)

    def describe(self):
        speed = "unshaped links" if self.rate is None else f"links of {self.rate_text} in both directions"
        return (f"{self.hosts} virtual hosts on one machine, {speed}" +
                ("" if self.rate is None else f" (token bucket of {self.burst} bytes)"))


def rate_bits(text):
    """'100mbit' as a number, 'none' as None."""
    if text == "none":
        return None
    for unit, factor in (("kbit", 1e3), ("mbit", 1e6), ("gbit", 1e9), ("bit", 1)):
        if text.endswith(unit):
            return float(text[:-len(unit)]) * factor
    raise ValueError(f"the rate {text} is none of 10mbit, 100mbit, 1gbit ..., none")


def found_program(names):
    return next((path for path in map(shutil.which, names) if path), None)
