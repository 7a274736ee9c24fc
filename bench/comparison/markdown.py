"""Tables that read well as plain text and as Markdown."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    head: tuple
    rows: tuple  # of tuples of text
    note: str = ""

    def text(self):
        """Columns as wide as needed, figures to the right and words to the left."""
        columns = list(zip(self.head, *self.rows))
        widths = [max(3, *map(len, cells)) for cells in columns]
        right = [all(cell == "-" or cell[:1].isdigit() for cell in cells[1:]) for cells in columns]

        def line(cells):
            return "| " + " | ".join(cell.rjust(width) if to_right else cell.ljust(width)
                                     for cell, width, to_right in zip(cells, widths, right)) + " |"
        rule = ["-" * (width - 1) + (":" if to_right else "-") for width, to_right in zip(widths, right)]
        lines = [line(self.head), line(rule), *map(line, self.rows)]
        return "\n".join(lines) + (f"\n\n{self.note}" if self.note else "")


def table(rows, columns, note=""):
    """columns: pairs of a title and what it shows of a row. Columns that have nothing to show are left out, except the
    first."""
    cells = [[show(row) for _, show in columns] for row in rows]
    used = [i for i in range(len(columns)) if i == 0 or any(line[i] not in ("", "-") for line in cells)]
    return Table(tuple(columns[i][0] for i in used), tuple(tuple(line[i] for i in used) for line in cells), note)
