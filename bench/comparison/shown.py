"""What several experiments show alike: columns of tables, series of plots."""
from . import words
from .results import PEERS

FLOORS = ("tcp_spinning", "tcp_blocking")
RANKS = PEERS + ("prun",)


def title(name):
    return words.TITLES[name]


def operation_columns(rows):
    """Names what a row is about; columns that say nothing new are left out by the table."""
    columns = [("operation", lambda row: row.op), ("bytes", lambda row: words.size(row.bytes) if row.bytes else "-")]
    return ([("case", lambda row: row.case or "-")] if any(rows.cases()) else []) + columns


def figure_columns(rows, names, key, show, suffix=""):
    return [(title(name) + suffix, lambda row, name=name: show(row.figure(name, key)))
            for name in rows.present(names)]


def series(rows, names, key="median", scale=1.0):
    """{implementation: {bytes: value}} for lines."""
    found = {}
    for name in rows.present(names):
        points = {row.bytes: row.figure(name, key) for row in rows}
        found[name] = {size: value * scale for size, value in points.items() if value is not None}
    return found


def bars(rows, names, value):
    """{implementation: values of the rows}; value(row, name) may be None."""
    return {name: [value(row, name) for row in rows] for name in rows.present(names)}


def scaled(value, scale):
    return None if value is None else value * scale


def label(row):
    """Of a row among others of several operations or cases."""
    return " ".join(part for part in (row.case, row.op, words.size(row.bytes) if row.bytes else "") if part)
