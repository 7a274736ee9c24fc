"""What something costs: the same with it and without. Shared by the experiments that ask so."""
from .. import words
from ..markdown import table
from ..plots import Bars
from ..results import Rows
from ..shown import bars, figure_columns, operation_columns, scaled

STREAM = "bandwidth"


class Overhead:
    """with_it: the program that has it, beside prun. title: of the column of ratios."""

    def __init__(self, with_it, title, links):
        self.programs = ("prun", with_it)
        self._with_it = with_it
        self._title = title
        self._links = links  # names

    def speed(self, row):
        return row.ratio(self._with_it, "prun", "bytes_per_second")

    def time(self, row):
        return row.ratio(self._with_it, "prun")

    @staticmethod
    def split(rows):
        """Streams, and what is told in seconds."""
        return (Rows(row for row in rows if row.op == STREAM), Rows(row for row in rows if row.op != STREAM))

    def tables(self, rows):
        streams, others = self.split(rows)
        return [table(streams, operation_columns(streams) +
                      figure_columns(streams, self.programs, "bytes_per_second", words.per_second) +
                      [(self._title, lambda row: words.ratio(self.speed(row)))], "Bytes per second."),
                table(others, operation_columns(others) + figure_columns(others, self.programs, "median", words.seconds) +
                      [(self._title, lambda row: words.ratio(self.time(row)))])]

    def panels(self, rows):
        streams, _ = self.split(rows)
        found = []
        for link in self._links:
            chosen = streams.of(case=link)
            found.append(Bars(f"Stream, {link}", "MB/s", tuple(words.size(row.bytes) for row in chosen),
                              bars(chosen, self.programs, lambda row, name: scaled(row.figure(name, "bytes_per_second"),
                                                                                   1e-6))))
        return found
