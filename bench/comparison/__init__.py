"""The parts of bench/compare. Each module is one job:

command           arguments, and the order in which things happen
experiment        what an experiment is
catalogue/        the experiments, with their tables, plots and verdicts
by_hand           experiments made of what the command line names
measuring         runs them: all programs in turn, failures noted
places            where it is measured: a virtual cluster, or this machine alone
processes         what is started is waited for, and ended with all that belongs to it
programs          how each implementation is started
outside           what no benchmark program can tell of itself: starting, installed size
results           what was measured: kept, merged, stored, read again, as rows with figures and ratios
verdicts          whether a target is met
words, markdown   figures and tables as people read them
shown             columns and series that several experiments share
plots             SVG files by gnuplot
report            the report as text and as a folder
performance_page  the figures in docs/performance.md
machine           the machine in words
"""
