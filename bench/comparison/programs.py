"""How each implementation is started, at settings that work in a virtual cluster and suit it."""
import functools
import json
import os
import subprocess

from .places import found_program
from .processes import CommandFailed, run_command, started

FOLDER = os.path.dirname(os.path.realpath(__file__))


class Program:
    """A benchmark program and its launcher. name: as in the program's own output."""
    name = ""
    title = ""
    is_floor = False

    def __init__(self, binaries):
        self.binary = os.path.join(binaries, f"bench_{self.name}")

    def missing(self):
        """Why it cannot run here, or None."""
        if not os.access(self.binary, os.X_OK):
            return f"{self.binary} is not built"
        return None

    def measures(self, operation):
        return True

    def mark(self, record):
        """Says in the record whose it is, where the program itself cannot know."""

    def lacks(self, option):
        """Whether the program does not know it: not every version of it can do everything."""
        return False

    def command(self, place):
        """What starts the ranks of a program at a place, on its first host."""
        raise NotImplementedError

    def run(self, place, arguments, **limits):
        """The records it printed. limits: as of run_command. Raises CommandFailed."""
        command = place.on(0, self.command(place) + [self.binary] + arguments)
        return records_of(run_command(command, **limits))


class Prun(Program):
    name = "prun"
    title = "prun"
    options = ()  # of the launcher

    def __init__(self, binaries):
        self.binary = os.path.join(binaries, "bench_prun")
        self.launcher = os.path.join(binaries, "prun")

    def missing(self):
        if not os.access(self.launcher, os.X_OK):
            return f"{self.launcher} is not built"
        return super().missing()

    def lacks(self, option):
        return not any(option in help_of(program) for program in (self.launcher, self.binary))

    def command(self, place):
        placed = ["-H", ",".join(places_of(place))] if place.hosts else ["-n", str(place.ranks)]
        return [self.launcher, *self.options, *placed]

    def mark(self, record):
        record["implementation"] = self.name


class PrunAuto(Prun):
    """Compresses where it thinks it pays."""
    name = "prun_auto"
    title = "prun, auto"
    options = ("--compress=auto",)


class PrunOff(Prun):
    """Never compresses."""
    name = "prun_off"
    title = "prun, off"
    options = ("--compress=off",)


class PrunEncrypted(Prun):
    """Encrypts what goes between hosts."""
    name = "prun_encrypted"
    title = "prun, encrypted"
    options = ("--encrypt",)


class PrunClock(Prun):
    """Nothing but the clock, on hosts whose own ones run otherwise; see bench/clock_error.cpp."""
    name = "prun_clock"
    title = "prun's clock"
    options = ("-x", "PRUN_CLOCK_SKEW=rpi2=3.5/200,rpi3=-2/-200,rpi4=0.5/-150")

    def __init__(self, binaries):
        super().__init__(binaries)
        self.binary = os.path.join(binaries, "bench_clock")

    def measures(self, operation):
        return operation.startswith("clock_")


class PrunBesieged(Prun):
    """Among strangers on the last host, who call the ports of all ranks without pause."""
    name = "prun_besieged"
    title = "prun, besieged"
    port = 5000
    options = ("--ports", f"{port}-{port}")
    least_calls = 100  # that were taken, or there was no siege

    def run(self, place, arguments, **limits):
        crowd = place.on(len(place.hosts) - 1, ["nice", "-n", "19", "python3", os.path.join(FOLDER, "crowd.py")] +
                         [f"{host}:{self.port}" for host in place.hosts])
        with started(crowd, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as strangers:
            records = super().run(place, arguments, **limits)
            strangers.terminate()
            said, complaint = strangers.communicate(timeout=10)
            if not said.strip().isdigit() or int(said) < self.least_calls:
                raise CommandFailed(f"strangers got through {said.strip() or 'not once'} times: {complaint.strip()}")
        return records


class Mpich(Program):
    name = "mpich"
    title = "MPICH"

    def __init__(self, binaries):
        super().__init__(binaries)
        self.launcher = found_program(["mpiexec.mpich", "mpiexec.hydra"])

    def missing(self):
        return "there is no mpiexec.mpich" if self.launcher is None else super().missing()

    def command(self, place):
        if not place.hosts:
            return [self.launcher, "-n", str(place.ranks)]
        # Between namespaces of one kernel UCX would try shared memory, and fail. MPICH's own, for ranks of one host,
        # is not touched by this.
        return ["env", "UCX_TLS=tcp,self", "UCX_NET_DEVICES=eth0", self.launcher,
                "-hosts", ",".join(places_of(place)), "-n", str(place.ranks)]


class OpenMpi(Program):
    name = "openmpi"
    title = "Open MPI"

    def __init__(self, binaries):
        super().__init__(binaries)
        self.launcher = found_program(["mpirun.openmpi", "orterun"])

    def missing(self):
        return "there is no mpirun.openmpi" if self.launcher is None else super().missing()

    def command(self, place):
        command = [self.launcher, "--bind-to", "none", "--oversubscribe", "-n", str(place.ranks)]
        if os.geteuid() == 0:
            command.append("--allow-run-as-root")
        if place.hosts:
            within_host = "vader," if place.ranks_per_host > 1 else ""
            command += ["--host", ",".join(places_of(place)), "--mca", "pml", "ob1",
                        "--mca", "btl", within_host + "tcp,self",
                        "--mca", "btl_tcp_if_include", "eth0", "--mca", "oob_tcp_if_include", "eth0"]
        return command


class Tcp(Program):
    name = "tcp"
    title = "TCP"
    is_floor = True

    def measures(self, operation):
        return operation in ("latency", "bandwidth")

    def run(self, place, arguments, **limits):
        listen = place.on(1, [self.binary, "--listen", place.tcp_address + ":0"])
        with started(listen, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as listener:
            said = listener.stdout.readline()
            if not said.startswith("listening at "):
                raise CommandFailed("bench_tcp does not listen: " + listener.stderr.read().strip())
            where = said.removeprefix("listening at ").strip()
            command = place.on(0, [self.binary, "--connect", where] + arguments)
            return records_of(run_command(command, **limits))


class Ssh(Program):
    """Nothing but logins; see outside.py."""
    name = "ssh"
    title = "ssh"
    is_floor = True

    def __init__(self, _):
        self.launcher = found_program(["ssh"])

    def missing(self):
        return "there is no ssh" if self.launcher is None else None


# In the order in which they take turns.
PROGRAMS = (Tcp, Ssh, Mpich, OpenMpi, PrunOff, PrunAuto, PrunEncrypted, PrunBesieged, PrunClock, Prun)


def places_of(place):
    """The hosts, with the number of ranks where it is not one, as all three launchers understand it."""
    return [name if place.ranks_per_host == 1 else f"{name}:{place.ranks_per_host}" for name in place.hosts]


@functools.lru_cache
def help_of(program):
    done = subprocess.run([program, "--help"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def records_of(output):
    records = []
    for line in output.splitlines():
        try:
            records.append(json.loads(line))
        except ValueError:
            raise CommandFailed(f"printed what is no JSON: {line[:200]}") from None
    return records


def whole_records_of(output):
    """Those that a program printed before it failed; the last line may be cut."""
    records = []
    for line in output.splitlines():
        try:
            records.append(json.loads(line))
        except ValueError:
            break
    return records
