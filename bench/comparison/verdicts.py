"""Whether what was measured meets what was aimed at."""
from dataclasses import dataclass
from typing import Optional

from . import words


@dataclass(frozen=True)
class Verdict:
    target: int  # as numbered in docs/performance.md
    what: str
    limit: str
    measured: str
    met: Optional[bool]  # None: not measured

    def word(self):
        return "not measured" if self.met is None else "met" if self.met else "missed"


def ratio(value):
    """With a digit more than in tables: a verdict turns on it."""
    return f"{value:.3f}"


def at_most(target, what, limit, figures, show=ratio):
    """figures: {where: figure or None}. All must be there and none above the limit; the largest is told."""
    return _verdict(target, what, f"at most {_limit(limit, show)}", figures, max, lambda value: value <= limit, show)


def below(target, what, limit, figures, show=ratio):
    return _verdict(target, what, f"below {_limit(limit, show)}", figures, max, lambda value: value < limit, show)


def at_least(target, what, limit, figures, show=ratio):
    return _verdict(target, what, f"at least {_limit(limit, show)}", figures, min, lambda value: value >= limit, show)


def _limit(value, show):
    return words.ratio(value) if show is ratio else show(value)


def _verdict(target, what, limit, figures, worst, fits, show):
    known = {where: value for where, value in figures.items() if value is not None}
    if not known:
        return Verdict(target, what, limit, words.NOTHING, None)
    where = worst(known, key=known.get)
    measured = show(known[where]) + (f" ({where})" if where else "")
    missing = [name for name in figures if name not in known]
    met = fits(known[where])
    if missing:
        measured += "; without " + ", ".join(missing)
        met = None if met else False
    return Verdict(target, what, limit, measured, met)
