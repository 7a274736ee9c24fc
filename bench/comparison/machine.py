"""The machine in words, and whether it is quiet."""
import os
import platform


def _first_value(path, key):
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                name, _, value = line.partition(":")
                if name.strip() == key:
                    return value.strip()
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
        "load_before": round(os.getloadavg()[0], 2),
    }


def in_words(about):
    return (f"{about['processor']}, {about['cores']} cores, {about['memory_gib']} GiB, {about['kernel']}; "
            f"load before the first run {about['load_before']}")
