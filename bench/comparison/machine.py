"""The machine in words, and whether it is quiet."""
import os
import platform
import subprocess

from .places import SOURCE


def _first_value(path, key, separator=":"):
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                name, _, value = line.partition(separator)
                if name.strip() == key:
                    return value.strip().strip('"')
    except OSError:
        pass
    return None


def describe():
    processor = _first_value("/proc/cpuinfo", "model name") or _first_value("/proc/cpuinfo", "Model") or "?"
    memory = _first_value("/proc/meminfo", "MemTotal") or "0 kB"
    return {
        "processor": f"{processor}, {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(int(memory.split()[0]) / 1024 / 1024, 1),
        "kernel": f"{platform.system()} {platform.release()}",
        "system": _first_value("/etc/os-release", "PRETTY_NAME", "=") or platform.system(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def in_words(about):
    return (f"{about['processor']}, {about['cores']} cores, {about['memory_gib']} GiB, {about['kernel']}, "
            f"{about['system']}")


def commit():
    """Of this checkout, with a + where files differ from it; empty where git does not know."""
    done = subprocess.run(["git", "-C", SOURCE, "describe", "--always", "--exclude=*", "--abbrev=10", "--dirty=+"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return done.stdout.strip()
