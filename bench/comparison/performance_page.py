"""The table of targets in docs/performance.md, which is made from committed results and from nothing else."""
import os
import re

from .report import RAW, verdict_table
from .results import Results

BEGIN = re.compile(r"^<!-- figures of (\S+), written by bench/compare --page -->$", re.MULTILINE)
END = "<!-- end of figures -->"


def filled(page, source):
    """The text of the page with its figures made anew from the results that it names, a folder below `source`."""
    begin = BEGIN.search(page)
    end = page.find(END)
    if not begin or end < begin.end():
        raise ValueError("the page has no line <!-- figures of FOLDER, written by bench/compare --page --> with "
                         f"{END} after it")
    results = Results.load(os.path.join(source, begin[1], RAW))
    return page[:begin.end()] + "\n\n" + verdict_table(results, commands=True).text() + "\n\n" + page[end:]
