"""Where things are measured: places, and what a command has to look like to run there."""
import os
import shutil
import subprocess
from dataclasses import dataclass

from .processes import interruptions_held

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
VCLUSTER = os.path.join(SOURCE, "scripts", "vcluster")


class PlaceError(Exception):
    pass


@dataclass(frozen=True)
class Where:
    """Where ranks are: on virtual hosts with links of that rate, or (hosts = 0) as processes of this machine."""
    hosts: int
    rate: str = "none"
    ranks_per_host: int = 1

    @property
    def ranks(self):
        return max(self.hosts, 1) * self.ranks_per_host

    def describe(self):
        if not self.hosts:
            return f"{self.ranks} rank{'s' if self.ranks > 1 else ''} on this machine itself"
        speed = "unshaped links" if self.rate == "none" else f"links of {self.rate} both ways"
        share = f" with {self.ranks_per_host} ranks each" if self.ranks_per_host > 1 else ""
        return f"{self.hosts} virtual hosts{share}, {speed}"


def local(ranks):
    return Where(0, ranks_per_host=ranks)


class Site:
    """All the places there are: this machine, and one virtual cluster that is brought up when a place first needs it.

    The cluster is gone when `with` ends, and also when this process dies.
    """

    def __init__(self, binaries):
        self._binaries = binaries
        self._cluster = None
        self._hosts = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._cluster:
            self._cluster.down()
        return False

    def expect(self, places):
        """The cluster will have hosts enough for all of these."""
        self._hosts = max([self._hosts] + [where.hosts for where in places])

    def at(self, where):
        if not where.hosts:
            return LocalPlace(where)
        if self._cluster is None or self._cluster.hosts < where.hosts:
            self.__exit__()
            self._cluster = VirtualCluster(max(self._hosts, where.hosts), self._binaries)
            self._cluster.up()
        self._cluster.set_rate(where.rate)
        return ClusterPlace(where, self._cluster)


class LocalPlace:
    """This machine alone: ranks are its own processes."""
    rate = None
    burst = 0
    hosts = None  # names
    tcp_address = "127.0.0.1"

    def __init__(self, where):
        self.where = where
        self.ranks = where.ranks
        self.ranks_per_host = where.ranks_per_host

    def on(self, host, command):
        return command

    def recover(self):
        pass


class ClusterPlace:
    """Some hosts of a cluster, named as the launchers are told them."""
    tcp_address = "rpi2"

    def __init__(self, where, cluster):
        self.where = where
        self.rate = rate_bits(where.rate)
        # The token bucket of the cluster's links (scripts/vcluster --help).
        self.burst = 0 if self.rate is None else max(3200, int(self.rate / 32000))
        self.ranks = where.ranks
        self.ranks_per_host = where.ranks_per_host
        self.hosts = cluster.names()[:where.hosts]
        self._cluster = cluster

    def on(self, host, command):
        """As it is started on that host, counted from 0."""
        return self._cluster.command("sh", self.hosts[host], *command)

    def recover(self):
        """After a run that had to be killed: no rank of it may be left on any host."""
        self._cluster.restart(self.hosts)


class VirtualCluster:
    """Hosts rpi1, rpi2 ... of a cluster of its own (scripts/vcluster); needs root."""

    def __init__(self, hosts, binaries):
        self.hosts = hosts
        self._binaries = binaries
        self._name = f"bench{os.getpid()}"
        self._rate = "none"

    def names(self):
        return [f"rpi{i + 1}" for i in range(self.hosts)]

    def command(self, *arguments):
        return [VCLUSTER, "--name", self._name, *arguments]

    def _call(self, *arguments):
        done = subprocess.run(self.command(*arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              start_new_session=True)
        if done.returncode != 0:
            raise PlaceError((done.stderr or done.stdout).strip())

    def up(self):
        if not os.access(VCLUSTER, os.X_OK):
            raise PlaceError(f"{VCLUSTER} is missing; --local measures without it")
        try:
            self._call("up", str(self.hosts), "--rate", self._rate, "--bin", self._binaries, "--bind", self._binaries,
                       "--owner", str(os.getpid()))
        except BaseException:
            self.down()
            raise

    def down(self):
        with interruptions_held():
            subprocess.run(self.command("down"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           start_new_session=True, check=False)

    def set_rate(self, rate):
        if rate != self._rate:
            self._call("rate", rate)
            self._rate = rate

    def restart(self, hosts):
        for name in hosts:
            self._call("off", name)
        for name in hosts:
            self._call("on", name)


def rate_bits(text):
    """'100mbit' as a number, 'none' as None."""
    if text == "none":
        return None
    for unit, factor in (("kbit", 1e3), ("mbit", 1e6), ("gbit", 1e9), ("bit", 1)):
        if text.endswith(unit):
            return float(text[:-len(unit)]) * factor
    raise ValueError(f"the rate {text} is none of 10mbit, 100mbit, 1gbit ..., none")


def found_program(names):
    return next((path for path in map(shutil.which, names) if path), None)
