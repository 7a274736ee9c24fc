"""Runs the experiments: all programs in turn, round after round. A program that fails is noted, never waited for."""
import os
import sys
import time
from collections import Counter

from .experiment import UNSIZED, WHOLE_STARTS
from .outside import MEASUREMENTS
from .places import SOURCE
from .processes import CommandFailed
from .programs import whole_records_of

GIVE_UP_AFTER = 3  # failed starts in one experiment


def say(text):
    print(f"compare: {text}", file=sys.stderr, flush=True)


class Measurement:
    """programs: {name: Program}, those that may take part. rounds: instead of each experiment's own, or None."""

    def __init__(self, site, programs, results, rounds=None, timeout=600.0, silence=60.0):
        self._site = site
        self._programs = programs
        self._results = results
        self._rounds = rounds
        self._timeout = timeout
        self._silence = silence
        self._failures = Counter()

    def perform(self, experiments, quick, done=lambda: None):
        """done: called when an experiment is through, for what should be kept of it."""
        for experiment in experiments:
            self._site.expect(run.where for run in (experiment.quick if quick else experiment.runs))
        for experiment in experiments:
            self._failures.clear()
            rounds = self._rounds or (1 if quick else experiment.rounds)
            if experiment.needs and any(program.lacks(experiment.needs) for program in self._programs.values()):
                cause = f"left out, since there is no {experiment.needs}"
                say(f"{experiment.name}: {cause}")
                self._results.fail(experiment.name, "all", 1, cause)
                continue
            for number in range(1, rounds + 1):
                start = time.monotonic()
                count = sum(self._in_turn(experiment, run, number)
                            for run in (experiment.quick if quick else experiment.runs))
                say(f"{experiment.name}, round {number}/{rounds}: {count} figures in {time.monotonic() - start:.1f} s")
            done()

    def _in_turn(self, experiment, run, round_number):
        place = self._site.at(run.where)
        count = 0
        for name in run.programs:
            program = self._programs.get(name)
            if program is None:
                continue
            for record in self._or_fail(program, experiment, run, place, round_number):
                program.mark(record)
                record["place"] = run.where.describe()
                if run.case:
                    record["case"] = run.case
                self._results.add(experiment.name, round_number, record)
                count += 1
        return count

    def _or_fail(self, program, experiment, run, place, round_number):
        """A failure is noted and the run made once more, unless it had printed all: a peer may hang when it ends."""
        operations = [name for name in run.operations if program.measures(name)]
        if not operations:
            return []
        for attempts_left in (1, 0):
            if self._failures[program.name] == GIVE_UP_AFTER:
                return []
            try:
                return self._measure(program, run, operations, place)
            except CommandFailed as error:
                say(f"{program.title} failed in {experiment.name}: {error}")
                cause = str(error).replace(SOURCE + os.sep, "")
                records = whole_records_of(error.output)
                complete = operations[-1] not in WHOLE_STARTS and is_complete(records, operations, run.sizes)
                self._failures[program.name] += not complete
                if self._failures[program.name] == GIVE_UP_AFTER:
                    cause += "; it is left out of what remains of this experiment"
                self._results.fail(experiment.name, program.name, round_number, cause)
                place.recover()
                if complete or not attempts_left:
                    return records
        return []

    def _measure(self, program, run, operations, place):
        records = []
        for _ in range(run.starts):
            if operations[0] in MEASUREMENTS:
                for operation in operations:
                    records.append(MEASUREMENTS[operation](program, place, self._timeout))
                continue
            start = time.monotonic()
            printed = program.run(place, run.arguments(place, operations), timeout=self._timeout,
                                  silence=min(self._silence, run.silence),
                                  complete=lambda text: is_complete(whole_records_of(text), operations, run.sizes))
            whole = time.monotonic() - start
            for record in printed:
                if record["op"] == "init":
                    record["whole"] = whole
            records += printed
        return records


def is_complete(records, operations, sizes):
    """Whether the figures of the last operation are all there."""
    last = operations[-1]
    if not records or records[-1]["op"] != last:
        return False
    return sum(record["op"] == last for record in records) >= (1 if last in UNSIZED else len(set(sizes)))
