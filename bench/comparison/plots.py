"""Plots, drawn by gnuplot: a figure is a row or grid of panels, each of lines or of bars."""
import shutil
import subprocess
from dataclasses import dataclass, field

from . import words

# One colour each in every plot, told apart also by those who see few colours.
COLOURS = {"prun": "#D55E00", "prun_auto": "#D55E00", "prun_off": "#E69F00", "prun_encrypted": "#E69F00",
           "prun_besieged": "#E69F00",
           "mpich": "#0072B2", "openmpi": "#009E73", "tcp_spinning": "#666666", "tcp_blocking": "#AAAAAA", "ssh": "#666666",
           "clock_error": "#D55E00", "clock_bound": "#666666"}
LEVEL_COLOURS = ("#000000", "#AA3377")
PANEL_WIDTH, PANEL_HEIGHT = 460, 340


@dataclass(frozen=True)
class Lines:
    title: str
    y_label: str
    series: dict  # {implementation: {x: y}}
    x_label: str = "bytes"
    sizes: bool = True  # x is a number of bytes, its axis logarithmic
    bound: dict = field(default_factory=dict)  # {x: y}, drawn dashed
    bound_title: str = "lower bound"
    levels: dict = field(default_factory=dict)  # {title: y}
    log_y: bool = True
    dots: bool = True  # at each x, which its axis then names


@dataclass(frozen=True)
class Bars:
    title: str
    y_label: str
    groups: tuple  # labels along the x axis
    series: dict  # {implementation: values of the groups, None where there is none}
    levels: dict = field(default_factory=dict)  # {title: y}, dashed lines
    log_y: bool = False


class NoPlots(Exception):
    pass


def gnuplot():
    """The program. Raises NoPlots where there is none."""
    program = shutil.which("gnuplot")
    if program is None:
        raise NoPlots("there is no gnuplot: apt-get install gnuplot-nox, or scripts/install-packages test")
    return program


def draw(panels, path):
    """Writes an SVG file. Panels without any data are left out; False where that leaves none."""
    panels = [panel for panel in panels if any(_points(panel))]
    if not panels:
        return False
    done = subprocess.run([gnuplot(), "-"], input=script(panels, path), capture_output=True, text=True, check=False)
    if done.returncode != 0 or done.stderr:
        raise NoPlots(f"gnuplot: {done.stderr.strip()}")
    return True


def script(panels, path):
    columns = min(len(panels), 2)
    rows = -(-len(panels) // columns)
    lines = [f"set terminal svg size {columns * PANEL_WIDTH},{rows * PANEL_HEIGHT} dynamic enhanced "
             "background '#ffffff' font 'sans-serif,12'",
             f"set output {_quoted(path)}",
             "set encoding utf8",
             f"set multiplot layout {rows},{columns}"]
    for panel in panels:
        lines += ["reset",
                  "set border 3 lc rgb '#444444'", "set tics nomirror out scale 0.6", "set grid ytics lc rgb '#DDDDDD'",
                  "set key tmargin center horizontal samplen 1.6 font ',10' noenhanced",
                  f"set title {_quoted(panel.title)} noenhanced font ',13'",
                  f"set ylabel {_quoted(panel.y_label)} noenhanced",
                  *(_lines(panel) if isinstance(panel, Lines) else _bars(panel))]
    return "\n".join(lines + ["unset multiplot", "unset output", ""])


def _points(panel):
    if isinstance(panel, Lines):
        return [y for points in panel.series.values() for y in points.values()]
    return [y for values in panel.series.values() for y in values if y is not None]


def _y_range(panel, values):
    """With room above for what is written on bars."""
    largest = max(values)
    least = min((value for value in values if value > 0), default=largest)
    # A logarithmic axis of less than a decade has hardly a number on it.
    if not panel.log_y or largest < 8 * least:
        return ["set format y '%g'", f"set yrange [0:{largest * 1.12:.6g}]"]
    return ["set logscale y", "set format y '%g'", f"set yrange [{least / 1.6:.6g}:{largest * 2:.6g}]"]


def _lines(panel):
    xs = sorted({x for points in (*panel.series.values(), panel.bound) for x in points})
    values = _points(panel) + list(panel.bound.values()) + list(panel.levels.values())
    lines = [f"set xlabel {_quoted(panel.x_label)} noenhanced"]
    if panel.dots:
        ticks = ", ".join(f"{_quoted(_short_size(x) if panel.sizes else f'{x:g}')} {x}" for x in xs)
        lines.append(f"set xtics ({ticks}) font ',10' noenhanced")
    if panel.sizes:
        lines += ["set logscale x 2", f"set xrange [{xs[0] / 1.3:.6g}:{xs[-1] * 1.3:.6g}]"]
    else:
        lines.append(f"set xrange [0:{xs[-1] * 1.05:.6g}]")
    lines += _y_range(panel, values)
    plots = []
    if panel.bound:
        lines += _data("$bound", sorted(panel.bound.items()))
        plots.append(f"$bound using 1:2 with lines dt 2 lw 1.5 lc rgb '#000000' title {_quoted(panel.bound_title)}")
    plots += _levels(panel)
    style = "linespoints pt 7 ps 0.5" if panel.dots else "lines"
    for name, points in panel.series.items():
        lines += _data(f"${name}", sorted(points.items()))
        plots.append(f"${name} using 1:2 with {style} lw 2 lc rgb '{COLOURS[name]}' "
                     f"title {_quoted(words.TITLES[name])}")
    return lines + ["plot " + ", ".join(plots)]


def _bars(panel):
    width = min(0.8 / len(panel.series), 0.26)
    first = -width * (len(panel.series) - 1) / 2
    values = _points(panel)
    ticks = ", ".join(f"{_quoted(label)} {i}" for i, label in enumerate(panel.groups))
    rotated = " rotate by -30" if sum(map(len, panel.groups)) > 56 else ""
    lines = [f"set xtics ({ticks}){rotated} scale 0 font ',10' noenhanced",
             f"set xrange [-0.6:{len(panel.groups) - 0.4:.6g}]",
             "set style fill solid 0.9 noborder", f"set boxwidth {width * 0.92:.4f}",
             *_y_range(panel, values + list(panel.levels.values()))]
    plots = []
    for i, (name, heights) in enumerate(panel.series.items()):
        shift = first + i * width
        points = [(group + shift, height) for group, height in enumerate(heights) if height is not None]
        if not points:
            continue
        lines += _data(f"${name}", [(x, y, _value(y)) for x, y in points])
        plots.append(f"${name} using 1:2 with boxes lc rgb '{COLOURS[name]}' title {_quoted(words.TITLES[name])}")
        # More would not fit.
        if len(panel.groups) * len(panel.series) <= 16:
            plots.append(f"${name} using 1:2:3 with labels offset 0,0.6 font ',8' notitle")
    return lines + ["plot " + ", ".join(plots + _levels(panel))]


def _levels(panel):
    return [f"{y:.9g} with lines dt {2 + i} lw 1.5 lc rgb '{LEVEL_COLOURS[i % 2]}' title {_quoted(title)}"
            for i, (title, y) in enumerate(panel.levels.items())]


def _data(name, rows):
    return [f"{name} << EOD", *(" ".join(value if isinstance(value, str) else f"{value:.9g}" for value in row)
                                for row in rows), "EOD"]


def _value(value):
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def _short_size(count):
    for factor, unit in ((1 << 20, "M"), (1 << 10, "K")):
        if count >= factor and count % factor == 0:
            return f"{count // factor}{unit}"
    return str(count)


def _quoted(text):
    return "'" + text.replace("'", "''") + "'"
