"""Figures and names as people read them."""
TITLES = {"tcp_spinning": "TCP spinning", "tcp_blocking": "TCP blocking", "mpich": "MPICH", "openmpi": "Open MPI",
          "prun": "prun", "prun_auto": "prun, auto", "prun_off": "prun, off",
          "prun_encrypted": "prun, encrypted", "prun_besieged": "prun, besieged", "ssh": "ssh",
          "prun_clock": "prun's clock", "clock_error": "prun, error of the worst reading", "clock_bound": "bound it gave"}
NOTHING = "-"


def three_digits(value):
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def seconds(value):
    if value is None:
        return NOTHING
    for factor, unit in ((1e6, "us"), (1e3, "ms")):
        if value * factor < 999.5:
            return f"{three_digits(value * factor)} {unit}"
    return f"{three_digits(value)} s"


def size(count):
    for factor, unit in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if count >= factor and count % factor == 0:
            return f"{count // factor} {unit}"
    return f"{count} B"


def megabytes(value):
    return NOTHING if value is None else f"{three_digits(value / 1e6)} MB"


def per_second(value):
    """Of bytes."""
    return NOTHING if value is None else f"{three_digits(value / 1e6)} MB/s"


def count(value):
    return NOTHING if value is None else three_digits(value) if value < 1000 else f"{value:,.0f}"


def ratio(value):
    return NOTHING if value is None else f"{value:.2f}"


def percent(value):
    if value is None:
        return NOTHING
    return f"{three_digits(value * 100)} %" if value >= 1e-3 else f"{value * 100:.2g} %"
