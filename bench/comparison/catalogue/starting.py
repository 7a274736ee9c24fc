"""How long it takes until a program runs."""
from .. import verdicts, words
from ..experiment import Experiment, RANKS as PROGRAMS, Run
from ..markdown import table
from ..places import Where, local
from ..plots import Bars
from ..shown import RANKS, bars, figure_columns

LOGINS = ("ssh", "prun")


def to_ssh(row):
    return row.ratio("prun", "ssh", "median", "whole")


def again_to_ssh(row):
    return row.ratio("prun", "ssh")


def all_to_one(row):
    return row.ratio("prun", "prun", "median", "alone")


def tables(rows):
    remote, again, files, here = rows.of("logins"), rows.of("logins_again"), rows.of("staged"), rows.of("init")
    return [table(remote, [("", lambda row: f"{row.ranks} hosts")] +
                  figure_columns(remote, LOGINS, "median", words.seconds, ", first instruction") +
                  figure_columns(remote, LOGINS, "whole", words.seconds, ", whole") +
                  [("prun's first instruction / ssh", lambda row: words.ratio(to_ssh(row)))],
                  "First instruction: of the last host to get there. ssh: one plain login to each host, all at once."),
            table(again, [("", lambda row: f"{row.ranks} hosts")] +
                  figure_columns(again, LOGINS, "median", words.seconds, ", whole") +
                  [("prun / ssh", lambda row: words.ratio(again_to_ssh(row)))],
                  "The second run, by connections that the first has left: `hostname` on every host."),
            table(files, [("", lambda row: f"{row.ranks} hosts")] +
                  figure_columns(files, ("prun",), "alone", words.seconds, ", to one") +
                  figure_columns(files, ("prun",), "median", words.seconds, ", to all") +
                  [("all / one", lambda row: words.ratio(all_to_one(row)))],
                  "A run that takes a file of 20 MB along which the hosts have not."),
            table(here, [("", lambda row: f"{row.ranks} local ranks")] +
                  figure_columns(here, RANKS, "whole", words.seconds) +
                  figure_columns(here, RANKS, "median", words.seconds, ", joining") +
                  [("prun/MPICH", lambda row: words.ratio(row.ratio("prun", "mpich", "whole")))],
                  "The whole command, with init and finalize; then what joining takes of it, at rank 0.")]


def panels(rows):
    remote, here = rows.of("logins"), rows.of("init")
    return [Bars("Starting on other hosts", "seconds", tuple(f"{row.ranks} hosts" for row in remote),
                 bars(remote, LOGINS, lambda row, name: row.figure(name, "whole" if name == "ssh" else "median"))),
            Bars("Starting here, init and finalize", "seconds", tuple(f"{row.ranks} local ranks" for row in here),
                 bars(here, RANKS, lambda row, name: row.figure(name, "whole")))]


STARTING = Experiment(
    "starting", 10, "Starting",
    "prun against plain logins by ssh from one host to 8 others (the first host starts, and is none of them); and 4 "
    "ranks on this machine.",
    runs=(Run(Where(9, "100mbit"), ("logins",), programs=LOGINS),
          Run(Where(9, "100mbit"), ("logins_again",), programs=LOGINS),
          Run(Where(9, "100mbit"), ("staged",), programs=("prun",)),
          Run(local(4), ("init",), programs=PROGRAMS, starts=2, silence=20)),
    quick=(Run(Where(4, "100mbit"), ("logins",), programs=LOGINS),
           Run(Where(4, "100mbit"), ("logins_again",), programs=LOGINS),
           Run(Where(4, "100mbit"), ("staged",), programs=("prun",)),
           Run(local(4), ("init",), programs=PROGRAMS, silence=20)),
    tables=tables, panels=panels, rounds=7,
    verdicts=lambda rows: [
        verdicts.at_most(10, "prun to the first instruction on 8 hosts / 8 plain ssh logins at once", 1.15,
                         {"": to_ssh(row) for row in rows.of("logins")}),
        verdicts.at_most(10, "`hostname` on 8 hosts again / 8 ssh at once by kept connections", 1.5,
                         {"": again_to_ssh(row) for row in rows.of("logins_again")}),
        verdicts.at_most(10, "a run with a file of 20 MB that 8 hosts lack / that one lacks", 1.5,
                         {"": all_to_one(row) for row in rows.of("staged")}),
        verdicts.at_most(10, "4 local ranks, init and finalize, prun / MPICH", 1.0,
                         {"": row.ratio("prun", "mpich", "whole") for row in rows.of("init")})])
