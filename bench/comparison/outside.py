"""What no benchmark program can tell of itself: how long starting takes, and how much is installed."""
import glob
import os
import statistics
import tempfile
import time

from .processes import CommandFailed, run_command

PACKAGES = {"mpich": ("mpich", "libmpich12", "libucx0"),
            "openmpi": ("openmpi-bin", "openmpi-common", "libopenmpi3", "libpmix2")}


def logins(program, place, timeout):
    """From the command on the first host to the first instruction of what it starts on each of the others, by the
    clock that virtual hosts share; and to its end."""
    targets = place.hosts[1:]
    if program.name == "ssh":
        starts = " ".join(f"ssh -o BatchMode=yes {name} date +%s.%N &" for name in targets) + " wait"
    else:
        # Plain ssh keeps no connection for the next run either.
        starts = f"PRUN_PERSIST=no {program.launcher} -H {','.join(targets)} date +%s.%N"
    printed = run_command(place.on(0, ["sh", "-c", f"date +%s.%N; {starts}; date +%s.%N"]), timeout).split()
    if len(printed) != len(targets) + 2:
        raise CommandFailed(f"{len(printed) - 2} of {len(targets)} hosts answered")
    begin, *instructions, end = map(float, printed)
    return record(program, "logins", ranks=len(targets), median=max(instructions) - begin, whole=end - begin)


AGAIN = 9  # runs, of which the one in the middle counts


def logins_again(program, place, timeout):
    """The whole of `hostname` on each of the other hosts by connections that an earlier run has left: OpenSSH's own
    (ControlMaster), for both."""
    targets = place.hosts[1:]
    if program.name == "ssh":
        ssh = 'ssh -o BatchMode=yes -o ControlMaster=auto -o ControlPersist=60 -o ControlPath="$folder/%C"'
        run = "".join(f"{ssh} {name} hostname & " for name in targets) + "wait"
        close = "; ".join(f"{ssh} -O exit {name}" for name in targets)
    else:
        environment = 'XDG_RUNTIME_DIR="$folder" PRUN_PERSIST=yes'
        run = f"{environment} {program.launcher} -H {','.join(targets)} hostname"
        close = f"{environment} {program.launcher} hosts --close"
    script = (f'folder=$(mktemp -d); {{ {run}; }} | wc -l; i=0; while [ $i -lt {AGAIN} ]; do i=$((i+1)); '
              f'date +%s.%N; {{ {run}; }} >/dev/null; date +%s.%N; done; {{ {close}; }} 2>/dev/null; rm -r "$folder"')
    answered, *times = map(float, run_command(place.on(0, ["sh", "-c", script]), timeout).split())
    if answered != len(targets) or len(times) != 2 * AGAIN:
        raise CommandFailed(f"{answered:.0f} of {len(targets)} hosts answered")
    return record(program, "logins_again", ranks=len(targets),
                  median=statistics.median(end - begin for begin, end in zip(times[::2], times[1::2])))


STAGED_BYTES = 20_000_000


def staged(program, place, timeout):
    """The whole of a run that takes a file along which no host has: to one of the other hosts, and to all of them."""
    every = ",".join(place.hosts[1:])
    prun = f"PRUN_PERSIST=no {program.launcher}"
    script = (f'cd "$(mktemp -d)" && {prun} -H {every} true && for hosts in {place.hosts[1]} {every}; do '
              f'head -c {STAGED_BYTES} /dev/urandom >data && date +%s.%N && '
              f'{prun} --stage data -H $hosts wc -c data && date +%s.%N; done; '
              # The agents stay, for what is measured next.
              f"{prun} -H {every} sh -c 'rm -f .cache/prun/files/*'; rm -r \"$PWD\"")
    printed = run_command(place.on(0, ["sh", "-c", script]), timeout).split()
    if printed.count(str(STAGED_BYTES)) != len(place.hosts):
        raise CommandFailed(f"not {len(place.hosts)} hosts have the file: {' '.join(printed)}")
    begin_one, end_one, begin_all, end_all = (float(word) for word in printed if "." in word)
    return record(program, "staged", ranks=len(place.hosts) - 1, median=end_all - begin_all, alone=end_one - begin_one)


def hello(program, place, timeout):
    """`prun -n N ./hello` on this machine: the time of the whole command."""
    greeting = os.path.join(os.path.dirname(program.launcher), "hello")
    start = time.monotonic()
    printed = run_command([program.launcher, "-n", str(place.ranks), greeting], timeout)
    seconds = time.monotonic() - start
    if len(printed.splitlines()) != place.ranks:
        raise CommandFailed(f"{place.ranks} ranks printed {len(printed.splitlines())} lines")
    return record(program, "hello", ranks=place.ranks, median=seconds)


def names_of(paths):
    return ", ".join(sorted(map(os.path.basename, paths)))


def installed(program, place, timeout):
    """What is on the disk where programs are built: launcher and library; of an MPI, its Debian packages."""
    if program.name == "prun":
        build = os.path.dirname(os.path.dirname(program.launcher))
        with tempfile.TemporaryDirectory() as prefix:
            run_command(["cmake", "--install", build, "--prefix", prefix], timeout)
            found = {path for pattern in ("bin/*", "libexec/*/*", "lib/*.a", "lib/*/*.a", "lib/*.so*", "lib/*/*.so*")
                     for path in glob.glob(os.path.join(prefix, pattern)) if not os.path.islink(path)}
            counted = {path for path in found
                       if "/lib/" in path or os.path.basename(path) == os.path.basename(program.launcher)}
            what = names_of(counted)
            size = sum(map(os.path.getsize, counted))
            rest = found - counted
            if rest:
                what += f" (beside them {names_of(rest)}, {sum(map(os.path.getsize, rest)) / 1e6:.1f} MB)"
    else:
        what = ", ".join(PACKAGES[program.name])
        sizes = run_command(["dpkg-query", "-W", "-f", "${Installed-Size}\n", *PACKAGES[program.name]], timeout)
        size = sum(map(int, sizes.split())) * 1024
    return record(program, "installed", ranks=1, installed_bytes=size, what=what)


MEASUREMENTS = {"logins": logins, "logins_again": logins_again, "staged": staged, "hello": hello, "installed": installed}


def record(program, operation, **figures):
    return {"implementation": program.name, "op": operation, "bytes": 0, "verified": True, **figures}
