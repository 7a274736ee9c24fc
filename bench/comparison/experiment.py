"""What an experiment is: what is run, and how its results are shown and judged."""
from dataclasses import dataclass
from typing import Callable

from .places import Where

KIB, MIB = 1024, 1024 * 1024
ALL = ("tcp", "mpich", "openmpi", "prun")
MPIS = ("mpich", "openmpi")
RANKS = MPIS + ("prun",)
# Operations that take no size.
UNSIZED = ("barrier", "init", "idle", "memory", "logins", "logins_again", "staged", "hello",
           "installed", "clock_idle", "clock_loaded")
# Known only of a start that has ended.
WHOLE_STARTS = ("init", "logins", "logins_again", "staged", "hello", "installed")


@dataclass(frozen=True)
class Run:
    """One start of each program: some operations, each with all of the sizes."""
    where: Where
    operations: tuple
    sizes: tuple = (0,)
    case: str = ""  # tells apart what has the same operation and size
    programs: tuple = RANKS
    iterations: int = 0  # 0: as many as fit into `seconds`
    seconds: float = 0.3
    window: int = 0  # 0: as the programs have it
    payload: str = ""
    starts: int = 1
    silence: float = 60.0  # seconds without a figure after which a start is given up

    def arguments(self, place, operations):
        """For a program that can do these of the operations."""
        arguments = ["--json", "--op", ",".join(operations), "--bytes", ",".join(map(str, self.sizes)),
                     "--seconds", str(self.seconds)]
        if self.iterations:
            arguments += ["--iterations", str(self.iterations)]
        if self.window:
            arguments += ["--window", str(self.window)]
        if self.payload:
            arguments += ["--payload", self.payload]
        if place.rate:
            arguments += ["--rate", str(int(place.rate)), "--burst", str(place.burst)]
        return arguments


@dataclass(frozen=True)
class Experiment:
    name: str  # of its plot and of its key in stored results
    target: int  # as numbered in docs/performance.md; 0: none
    title: str
    about: str
    runs: tuple
    quick: tuple  # instead of runs, where only completion and data are checked
    tables: Callable  # rows -> list of markdown.Table
    panels: Callable = lambda rows: []  # rows -> list of what plots.py draws
    verdicts: Callable = lambda rows: []  # rows -> list of verdicts.Verdict
    rounds: int = 3
    needs: str = ""  # an option that prun or its benchmark must know
