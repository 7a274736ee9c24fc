"""Programs that are started: how they are waited for, and that nothing of them is left running."""
import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
import time

INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class CommandFailed(Exception):
    """output: what it printed before."""

    def __init__(self, cause, output=""):
        super().__init__(cause)
        self.output = output


@contextlib.contextmanager
def interruptions_held():
    """Interruptions come at the end of it: for what must not be left half done."""
    held = []
    before = {number: signal.signal(number, lambda number, _: held.append(number)) for number in INTERRUPTIONS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in held[:1]:
            signal.raise_signal(number)


@contextlib.contextmanager
def started(command, **streams):
    """A process in a session of its own, which is ended with all of that. Raises CommandFailed if it cannot start."""
    process = None
    try:
        # An interruption between the start and our knowing of it would leave it running.
        with interruptions_held():
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **streams)
        yield process
    except OSError as error:
        if process is not None:
            raise
        raise CommandFailed(f"cannot run {command[0]}: {error.strerror}") from None
    finally:
        if process is not None:
            with interruptions_held():
                _end(process)


def _end(process):
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


LINGER_SECONDS = 5  # in which a program that has printed all must end


def run_command(command, timeout, silence=None, complete=lambda text: False):
    """Runs it, returns its standard output. Raises CommandFailed with its last words; nothing is left running.

    silence: it is given up when it prints nothing for so many seconds. complete: whether this output is all.
    """
    output = bytearray()
    with tempfile.TemporaryFile() as words:
        with started(command, stdout=subprocess.PIPE, stderr=words) as process:
            cause = _read_all(process.stdout, output, timeout, silence or timeout, complete)
            if cause is None:
                try:
                    process.wait(timeout=silence or timeout)
                except subprocess.TimeoutExpired:
                    cause = "closed its output and did not end"
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
