"""How each implementation is started, at settings that work in a virtual cluster and suit it."""
import json
import os
import subprocess

from .places import CommandFailed, end_process, found_program, run_command


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
        return operation != ""

    def command(self, place, ranks):
        raise NotImplementedError

    def run(self, place, ranks, arguments, **limits):
        """The records it printed. limits: as of run_command. Raises CommandFailed."""
        command = place.on(0, self.command(place, ranks) + [self.binary] + arguments)
        return records_of(run_command(command, **limits))


class Prun(Program):
    name = "prun"
    title = "prun"

    def __init__(self, binaries):
        super().__init__(binaries)
        self.launcher = os.path.join(binaries, "prun")

    def missing(self):
        if not os.access(self.launcher, os.X_OK):
            return f"{self.launcher} is not built"
        return super().missing()

    def command(self, place, ranks):
        hosts = place.names(ranks)
        return [self.launcher] + (["-H", ",".join(hosts)] if hosts else ["-n", str(ranks)])


class Mpich(Program):
    name = "mpich"
    title = "MPICH"

    def __init__(self, binaries):
        super().__init__(binaries)
        self.launcher = found_program(["mpiexec.mpich", "mpiexec.hydra"])

    def missing(self):
        return "there is no mpiexec.mpich" if self.launcher is None else super().missing()

    def command(self, place, ranks):
        hosts = place.names(ranks)
        if not hosts:
            return [self.launcher, "-n", str(ranks)]
        # Between namespaces of one kernel it would try shared memory, and fail.
        return ["env", "UCX_TLS=tcp,self", "UCX_NET_DEVICES=eth0", self.launcher, "-hosts", ",".join(hosts),
                "-n", str(ranks)]


class OpenMpi(Program):
    name = "openmpi"
    title = "Open MPI"

    def __init__(self, binaries):
        super().__init__(binaries)
        self.launcher = found_program(["mpirun.openmpi", "orterun"])

    def missing(self):
        return "there is no mpirun.openmpi" if self.launcher is None else super().missing()

    def command(self, place, ranks):
        hosts = place.names(ranks)
        command = [self.launcher, "--bind-to", "none", "--oversubscribe", "-n", str(ranks)]
        if os.geteuid() == 0:
            command.append("--allow-run-as-root")
        if hosts:
            command += ["--host", ",".join(hosts), "--mca", "pml", "ob1", "--mca", "btl", "tcp,self",
                        "--mca", "btl_tcp_if_include", "eth0", "--mca", "oob_tcp_if_include", "eth0"]
        return command


class Tcp(Program):
    name = "tcp"
    title = "TCP"
    is_floor = True

    def measures(self, operation):
        return operation in ("latency", "bandwidth")

    def run(self, place, ranks, arguments, **limits):
        address = place.tcp_address()
        listener = subprocess.Popen(place.on(1, [self.binary, "--listen", address + ":0"]), text=True,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                    start_new_session=True)
        try:
            said = listener.stdout.readline()
            if not said.startswith("listening at "):
                raise CommandFailed("bench_tcp does not listen: " + listener.stderr.read().strip())
            where = said.removeprefix("listening at ").strip()
            command = place.on(0, [self.binary, "--connect", where] + arguments)
            return records_of(run_command(command, **limits))
        finally:
            end_process(listener)


PROGRAMS = (Tcp, Mpich, OpenMpi, Prun)


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
