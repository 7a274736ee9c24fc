"""What is printed of results: plain text, one table per experiment."""
from . import machine

PEERS = (("mpich", "MPICH"), ("openmpi", "Open MPI"))
OURS = ("prun", "prun")
ALL = PEERS + (OURS,)
FLOORS = (("tcp_spinning", "TCP spin"), ("tcp_blocking", "TCP block"))
TITLES = {"point_to_point": "Point to point", "small_under_bulk": "Small messages under a bulk message",
          "collectives": "Collectives", "starting": "Starting"}


def seconds(value):
    if value is None:
        return "-"
    for factor, unit in ((1e6, "us"), (1e3, "ms")):
        if value * factor < 999.5:
            return f"{three_digits(value * factor)} {unit}"
    return f"{three_digits(value)} s"


def three_digits(value):
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def size(count):
    for factor, unit in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if count >= factor and count % factor == 0:
            return f"{count // factor} {unit}"
    return f"{count} B"


def ratio(value, reference):
    return "-" if not value or not reference else f"{value / reference:.2f}"


def least(*values):
    known = [value for value in values if value]
    return min(known) if known else None


def layout(head, rows):
    """Columns as wide as needed, the first to the left and the others to the right."""
    widths = [max(len(row[i]) for row in [head] + rows) for i in range(len(head))]
    lines = []
    for row in [head, ["-" * width for width in widths]] + rows:
        cells = [cell.ljust(width) if i == 0 else cell.rjust(width)
                 for i, (cell, width) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def point_to_point(summary):
    present = _present(summary, ALL)
    floors = _present(summary, FLOORS)
    head = (["operation", "bytes", "bound"] + [title for _, title in floors + present] +
            [f"{title}/floor" for _, title in present] + ["prun/better peer"])
    rows = []
    for (operation, count), cells in summary.items():
        time = _getter(cells, "median")
        bound = _bound(cells)
        # Bare TCP where it was measured, else what the wire allows.
        floor = least(*(time(name) for name, _ in floors)) or bound
        rows.append([operation, size(int(count)), seconds(bound)] +
                    [seconds(time(name)) for name, _ in floors + present] +
                    [ratio(time(name), floor) for name, _ in present] +
                    [ratio(time("prun"), least(time("mpich"), time("openmpi")))])
    return (layout(head, rows) +
            "\nTime per message, one way. floor: the faster of the two bare TCP connections; the bound where TCP was "
            "not measured.")


def collectives(summary):
    present = _present(summary, ALL)
    head = (["operation", "bytes", "bound"] + [title for _, title in present] +
            [f"{title} slowest" for _, title in present] + [f"{title}/bound" for _, title in present] +
            ["prun/better peer"])
    rows = []
    for (operation, count), cells in summary.items():
        average, slowest = _getter(cells, "median"), _getter(cells, "slowest_median")
        bound = _bound(cells)
        rows.append([operation, size(int(count)), seconds(bound)] +
                    [seconds(average(name)) for name, _ in present] +
                    [seconds(slowest(name)) for name, _ in present] +
                    [ratio(slowest(name), bound) for name, _ in present] +
                    [ratio(slowest("prun"), least(slowest("mpich"), slowest("openmpi")))])
    return (layout(head, rows) +
            "\nAverage over the ranks, as OSU; then the slowest rank, which the ratios are made from.")


def small_under_bulk(summary):
    head = ["", "bytes", "bound", "bulk alone", "bulk with small", "with/alone", "round trips/s", "median round trip",
            "p99"]
    rows = []
    for (_, count), cells in summary.items():
        for name, title in _present(summary, ALL):
            figure = cells.get(name, {}).get
            trips = figure("round_trips_per_second")
            rows.append([title, size(int(count)), seconds(_bound(cells)), seconds(figure("alone")),
                         seconds(figure("median")), ratio(figure("median"), figure("alone")),
                         "-" if trips is None else three_digits(trips), seconds(figure("round_trip_median")),
                         seconds(figure("round_trip_p99"))])
    return layout(head, rows)


def starting(summary):
    head = ["", "started, joined, ended", "joining"]
    rows = []
    for cells in summary.values():
        for name, title in _present(summary, ALL):
            figure = cells.get(name, {}).get
            rows.append([title, seconds(figure("launch")), seconds(figure("median"))])
    return layout(head, rows) + "\nFirst the whole command, timed from outside; then what joining takes of it, at rank 0."


TABLES = {"point_to_point": point_to_point, "small_under_bulk": small_under_bulk, "collectives": collectives,
          "starting": starting}


def report(results):
    about = results.about
    versions = {record["implementation"]: record["version"] for record in results.records
                if not record["implementation"].startswith("tcp_")}
    parts = ["Machine: " + machine.in_words(about["machine"]),
             "Place: " + about["place"],
             "Compared: " + ", ".join(f"{name} {version}" for name, version in versions.items()) +
             f"; medians over {about['rounds']} rounds, in turn"]
    cores = about["machine"]["cores"]
    for name in results.experiments():
        ranks = max(int(record["ranks"]) for record in results.records if record["experiment"] == name)
        title = f"{TITLES[name]}, {ranks} ranks"
        if ranks > cores:
            title += f" ({cores} cores: ranks take turns, and both MPIs poll; small messages say little here)"
        parts.append(title + "\n\n" + TABLES[name](results.summary(name)))
    if results.failures:
        parts.append("Failed:\n" + "\n".join(
            f"  {failure['implementation']} in {failure['experiment']}, round {failure['round']}: {failure['cause']}"
            for failure in results.failures))
    return "\n\n".join(parts)


def _present(summary, implementations):
    there = {name for cells in summary.values() for name in cells}
    return tuple((name, title) for name, title in implementations if name in there)


def _getter(cells, figure):
    return lambda name: cells.get(name, {}).get(figure)


def _bound(cells):
    """The same arithmetic in every program, so any one will do."""
    return least(*(figures.get("bound") for figures in cells.values()))
