"""A program on a terminal of its own, as a person sees it."""

import os
import pty


def talk(run, answer):
    """Calls run() on a new terminal, in a process that it must replace. answer(said) is asked whenever something was
    printed, with all that was, and tells what is typed then, or None. Returns exit status and everything that was said."""
    pid, terminal = pty.fork()
    if pid == 0:
        try:
            run()
        finally:
            os._exit(127)
    said = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # nobody has the terminal any more
            break
        if not part:
            break
        said += part
        typed = answer(said.decode(errors="replace"))
        while typed is not None:
            os.write(terminal, typed.encode() + b"\n")
            typed = answer(said.decode(errors="replace"))
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode(errors="replace")
