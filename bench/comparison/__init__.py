"""The parts of bench/compare. Each module is one job:

command      arguments, and the order in which things happen
experiments  what is measured
places       where it is measured: a virtual cluster, or this machine alone
programs     how each implementation is started
results      what was measured: kept, stored, read again, reduced to medians
tables       what is printed of it
machine      the machine in words
"""
