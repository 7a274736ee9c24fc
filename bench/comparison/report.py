"""Everything that is told of results: as text, and as a folder with report.md, plots and the raw results."""
import os

from . import by_hand, machine, plots, words
from .catalogue import EXPERIMENTS
from .markdown import Table

RAW = "results.json"


def known(name):
    """The experiment of that name. Raises ValueError where there is none (any more)."""
    found = next((one for one in EXPERIMENTS if one.name == name), None)
    if found:
        return found
    if name in by_hand.SHOWN:
        return by_hand.experiment(name)
    raise ValueError(f"there is no experiment {name}; --list shows them all")


def experiments_of(results):
    """Those that were measured, as the catalogue has them and not as they were put together."""
    order = [one.name for one in EXPERIMENTS] + list(by_hand.SHOWN)
    return sorted(map(known, results.experiments()), key=lambda one: order.index(one.name))


def command_of(experiment):
    return f"bench/compare --experiments {experiment.name}"


def is_quick(results):
    return any(session.get("quick") for session in results.sessions)


def verdicts_of(results):
    """[(experiment, verdict)] of all experiments that were measured, by target; none of a quick run."""
    if is_quick(results):
        return []
    found = [(experiment, verdict) for experiment in experiments_of(results)
             for verdict in experiment.verdicts(results.rows(experiment.name))]
    return sorted(found, key=lambda pair: pair[1].target)


def verdict_table(results, commands=False):
    head = ("target", "what", "limit", "measured", "verdict") + (("command",) if commands else ())
    rows = [(str(verdict.target), verdict.what, verdict.limit, verdict.measured, verdict.word()) +
            ((f"`{command_of(experiment)}`",) if commands else ()) for experiment, verdict in verdicts_of(results)]
    return Table(head, tuple(rows))


def about(results):
    """The machine, the programs and the dates, as lines of a list."""
    versions = results.versions()
    programs = ", ".join(f"{words.TITLES[name]} {versions[name]}" for name in ("mpich", "openmpi", "prun")
                         if name in versions)
    lines = ["Machine: " + machine.in_words(results.about["machine"])]
    if programs:
        lines.append("Compared: " + programs)
    for session in results.sessions:
        commit = f", commit {session['commit']}" if session.get("commit") else ""
        lines.append(f"Measured {session['date']}{commit}, load before {session['machine']['load_before']}: "
                     f"`{session['command']}`")
    return lines


def failures_of(results, name):
    return [f"{words.TITLES.get(one['implementation'], one['implementation'])}, round {one['round']}: {one['cause']}"
            for one in results.failures if one["experiment"] == name]


def section(results, experiment, plot=None):
    rows = results.rows(experiment.name)
    parts = [f"## {experiment.title}", experiment.about]
    rounds = results.rounds(experiment.name)
    places = "; ".join(results.places(experiment.name))
    parts.append(f"{places[:1].upper()}{places[1:]}. Medians over {rounds} round{'s' if rounds > 1 else ''}. "
                 f"`{command_of(experiment)}`" if experiment.target else f"{places}. Medians over {rounds} rounds.")
    if plot:
        parts.append(f"![{experiment.title}]({plot})")
    judged = [] if is_quick(results) else experiment.verdicts(rows)
    parts += ["\n".join(f"- target {verdict.target}: {verdict.what}, {verdict.limit}: measured {verdict.measured}: "
                        f"**{verdict.word()}**" for verdict in judged)] if judged else []
    parts += [table.text() for table in experiment.tables(rows) if table.rows] if rows else []
    failures = failures_of(results, experiment.name)
    parts += ["Failed:\n\n" + "\n".join(f"- {line}" for line in failures)] if failures else []
    return "\n\n".join(part for part in parts if part)


def text(results, drawn=()):
    """drawn: names of the experiments that have a plot beside this text."""
    parts = ["# prun measured", "\n".join(f"- {line}" for line in about(results))]
    if is_quick(results):
        parts.append("A quick run: it shows that everything runs and that all data is right. Its times say nothing.")
    table = verdict_table(results)
    if table.rows:
        parts += ["## Targets", table.text(),
                  "A verdict is made from the worst of what it covers. Ratios are taken within each round, and the "
                  "median over the rounds counts; implementations ran in turn. All data was verified before time was "
                  "taken. docs/performance.md says what the targets are."]
    parts += [section(results, one, f"{one.name}.svg" if one.name in drawn else None)
              for one in experiments_of(results)]
    return "\n\n".join(parts) + "\n"


def write(results, folder):
    """Raises OSError, and plots.NoPlots where nothing can be drawn."""
    os.makedirs(folder, exist_ok=True)
    results.save(os.path.join(folder, RAW))
    drawn = [one.name for one in experiments_of(results)
             if plots.draw(one.panels(results.rows(one.name)), os.path.join(folder, one.name + ".svg"))]
    with open(os.path.join(folder, "report.md"), "w", encoding="utf-8") as file:
        file.write(text(results, drawn))
