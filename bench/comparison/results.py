"""What was measured. The raw records are all there is: tables, plots and verdicts are made from them alone."""
import json
import statistics
from collections import defaultdict

FORMAT = 2
PEERS = ("mpich", "openmpi")


class Results:
    def __init__(self, about):
        self.sessions = [about]  # of each run that is in here: machine, date, versions; words and numbers for people
        self.records = []  # as the programs printed them, with `experiment`, `round`, `case` and `place` added
        self.failures = []  # experiment, implementation, round, cause

    @property
    def about(self):
        return self.sessions[0]

    def add(self, experiment, round_number, record):
        self.records.append({"experiment": experiment, "round": round_number, **record})

    def fail(self, experiment, implementation, round_number, cause):
        self.failures.append({"experiment": experiment, "implementation": implementation, "round": round_number,
                              "cause": cause})

    def save(self, path):
        """One record a line, so that two files can be compared."""
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"format": %d,\n"sessions": %s,\n' % (FORMAT, json.dumps(self.sessions)))
            file.write('"failures": %s,\n' % _lines(self.failures))
            file.write('"records": %s}\n' % _lines(self.records))

    @classmethod
    def load(cls, path):
        with open(path, encoding="utf-8") as file:
            stored = json.load(file)
        if not isinstance(stored, dict) or stored.get("format") != FORMAT or not stored["sessions"]:
            raise ValueError(f"{path} does not hold results of this version of compare")
        results = cls(None)
        results.sessions, results.records, results.failures = stored["sessions"], stored["records"], stored["failures"]
        return results

    def merge(self, other):
        """Adds what another run on this machine has measured; rounds of an experiment in both follow one another."""
        for about in other.sessions:
            for key in ("processor", "cores", "kernel"):
                if about["machine"][key] != self.about["machine"][key]:
                    raise ValueError(f"results of different machines cannot be merged: {about['machine'][key]} and "
                                     f"{self.about['machine'][key]}")
        rounds = {name: self.rounds(name) for name in self.experiments()}
        for kept, added in ((self.records, other.records), (self.failures, other.failures)):
            kept += [{**one, "round": one["round"] + rounds.get(one["experiment"], 0)} for one in added]
        self.sessions = self.sessions + other.sessions

    def experiments(self):
        """Names, in the order they were measured."""
        return list(dict.fromkeys(one["experiment"] for one in self.records + self.failures))

    def rounds(self, experiment):
        return max((one["round"] for one in self.records + self.failures if one["experiment"] == experiment),
                   default=0)

    def versions(self):
        return {record["implementation"]: record["version"] for record in self.records if record.get("version")}

    def rows(self, experiment):
        """What was measured in it, as Rows in the order measured."""
        found = {}
        for record in self.records:
            if record["experiment"] == experiment:
                key = record.get("case", ""), record["op"], record["bytes"]
                found.setdefault(key, Row(*key)).add(record)
        return Rows(found.values())

    def places(self, experiment):
        """Where it was measured, in words."""
        return list(dict.fromkeys(record["place"] for record in self.records
                                  if record["experiment"] == experiment and record.get("place")))


class Row:
    """One operation with one size in one case: the figures of every implementation."""

    def __init__(self, case, op, size):
        self.case, self.op, self.bytes = case, op, size
        self.ranks = 0
        self._figures = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))  # of program, key, round
        self._words = defaultdict(dict)
        self._curves = defaultdict(dict)

    def add(self, record):
        self.ranks = max(self.ranks, int(record["ranks"]))
        for key, value in record.items():
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                self._figures[record["implementation"]][key][record["round"]].append(value)
            elif isinstance(value, str):
                self._words[record["implementation"]][key] = value
            elif isinstance(value, list):
                self._curves[record["implementation"]][key] = value

    def implementations(self):
        return list(self._figures)

    def _by_round(self, implementation, key):
        if implementation not in self._figures:
            return {}
        return {number: statistics.median(values)
                for number, values in self._figures[implementation].get(key, {}).items()}

    def figure(self, implementation, key="median"):
        """Median over the rounds, or None."""
        values = self._by_round(implementation, key).values()
        return statistics.median(values) if values else None

    def word(self, implementation, key):
        return self._words.get(implementation, {}).get(key)

    def curve(self, implementation, key):
        """A series over time, of the last round; empty where there is none."""
        return self._curves.get(implementation, {}).get(key, [])

    def ratio(self, implementation, reference, key="median", reference_key=None):
        """Median over the rounds of the ratio in each, so that a machine that changes its pace does not matter. Of the
        medians where the two were never measured in one round. None where one is missing."""
        mine, other = self._by_round(implementation, key), self._by_round(reference, reference_key or key)
        shared = [mine[number] / other[number] for number in mine if other.get(number)]
        if shared:
            return statistics.median(shared)
        return quotient(self.figure(implementation, key), self.figure(reference, reference_key or key))

    def best(self, implementations, key="median", most=False):
        """The name of the implementation with the least figure (or the most), or None."""
        known = {name: value for name in implementations if (value := self.figure(name, key)) is not None}
        return (max if most else min)(known, key=known.get) if known else None

    def to_better_peer(self, key="median", most=False, mine="prun"):
        peer = self.best(PEERS, key, most)
        return None if peer is None else self.ratio(mine, peer, key)

    def bound(self):
        """Seconds, or None. The same arithmetic in every program, so any one will do."""
        known = [value for name in self._figures if (value := self.figure(name, "bound"))]
        return min(known) if known else None

    def to_bound(self, implementation, key="median"):
        return quotient(self.figure(implementation, key), self.bound())


class Rows(list):
    """The rows of an experiment."""

    def of(self, *operations, case=None, size=None):
        return Rows(row for row in self if (not operations or row.op in operations) and
                    (case is None or row.case == case) and (size is None or row.bytes == size))

    def cases(self):
        return list(dict.fromkeys(row.case for row in self))

    def operations(self):
        return list(dict.fromkeys(row.op for row in self))

    def sizes(self):
        return sorted({row.bytes for row in self})

    def present(self, implementations):
        """Those of the implementations that any row has, in their order."""
        there = {name for row in self for name in row.implementations()}
        return [name for name in implementations if name in there]


def quotient(value, reference):
    return None if value is None or not reference else value / reference


def _lines(entries):
    return "[\n" + ",\n".join(map(json.dumps, entries)) + "\n]" if entries else "[]"
