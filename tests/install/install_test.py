import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

SOURCE = os.environ["PRUN_SOURCE"]
BUILD = os.environ["PRUN_BUILD"]
CMAKE = os.environ["CMAKE"]
LAUNCHER = os.environ["LAUNCHER"]
BUILD_TYPE = os.environ["BUILD_TYPE"]
# Agents for other processors are there where somebody has built them.
AGENTS = pathlib.Path(os.environ["AGENTS"])
OTHER_AGENTS = {path.name for path in AGENTS.glob("prun-*-*") if path.is_file()}


class Installed(unittest.TestCase):
    """One installed tree for all tests, which only read it."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="prun-install."))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        # Installed, then moved: what works afterwards does not hang on the path it was installed to either.
        staging = cls.folder / "staging"
        cls.prefix = cls.folder / "prefix"
        done = subprocess.run([CMAKE, "--install", BUILD, "--prefix", staging], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stdout)
        staging.rename(cls.prefix)
        cls.launcher = cls.prefix / "bin" / LAUNCHER

    def run_well(self, *command, cwd=None):
        done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=240, check=False,
                              env=dict(os.environ, PRUN_OPTIONS="--oversubscribe"))
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def build_outside(self, example):
        """The example's folder alone, copied away from prun's sources, built against what is installed."""
        project = self.folder / example
        shutil.copytree(os.path.join(SOURCE, "examples", example), project)
        flags = f"-fsanitize={os.environ['SANITIZE']}" if os.environ["SANITIZE"] else ""
        self.run_well(CMAKE, "-S", project, "-B", project / "build", "-G", os.environ["GENERATOR"],
                      f"-DCMAKE_CXX_COMPILER={os.environ['CXX']}", f"-DCMAKE_CXX_FLAGS={flags}",
                      f"-DCMAKE_PREFIX_PATH={self.prefix}", "-DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF")
        cache = (project / "build" / "CMakeCache.txt").read_text()
        found = re.search(r"^prun_DIR:PATH=(.+)$", cache, re.M)
        self.assertTrue(found, cache)
        self.assertTrue(pathlib.Path(found[1]).is_relative_to(self.prefix), found[1])
        self.run_well(CMAKE, "--build", project / "build")
        return project / "build" / example

    def test_another_project_builds_and_runs_hello(self):
        hello = self.build_outside("hello")
        self.assertRegex(self.run_well(hello), r"^hello from rank 0 of 1 on \S+\n$")
        lines = sorted(self.run_well(self.launcher, "-n", "3", hello).splitlines())
        self.assertEqual([re.sub(r" on \S+$", "", line) for line in lines],
                         [f"hello from rank {rank} of 3" for rank in range(3)])

    def test_programs_need_nothing_but_the_c_and_cpp_libraries(self):
        for program in (self.build_outside("ring"), self.launcher):
            needed = re.findall(r"\(NEEDED\)\s+Shared library: \[([^]]+)\]", self.run_well("readelf", "--dynamic", program))
            self.assertTrue(needed, program)
            for library in needed:
                self.assertRegex(library, r"^(libc|libm|libstdc\+\+|libgcc_s|libatomic|ld-linux[-\w]*)\.so\.\d+$")

    def test_another_project_builds_and_runs_prime(self):
        prime = self.build_outside("prime")
        self.assertIn("\n9592 primes below 100000, found by 4 ranks on 1 host\n",
                      self.run_well(self.launcher, "-n", "4", prime, "100000"))

    def test_nothing_of_the_build_is_referenced(self):
        texts = [path for path in self.prefix.rglob("*") if path.suffix in (".cmake", ".hpp")]
        self.assertTrue(any(path.name == "prunConfig.cmake" for path in texts), texts)
        self.assertTrue(any(path.name == "prun.hpp" for path in texts), texts)
        for path in texts:
            text = path.read_text()
            for place in (SOURCE, BUILD, str(self.folder)):
                self.assertFalse(place in text, f"{path} mentions {place}")

    def test_only_what_belongs_there_is_installed(self):
        files = {str(path.relative_to(self.prefix)) for path in self.prefix.rglob("*") if path.is_file()}
        headers = {f"include/{path.relative_to(os.path.join(SOURCE, 'include'))}"
                   for path in pathlib.Path(SOURCE, "include").rglob("*.hpp")}
        self.assertLessEqual(headers, files)
        rest = files - headers - {f"bin/{LAUNCHER}", f"bin/{LAUNCHER}-tune"}
        for file in rest:
            self.assertRegex(file, r"^(lib(64)?(/[^/]+)?/(libprun\.a|cmake/prun/[^/]+\.cmake)|bin/[^/]+-tune|libexec/prun/prun-(agent|tune)-\w+|"
                                   r"share/(man/man1/[^/]+\.1|bash-completion/completions/prun|zsh/site-functions/_prun))$")

    def test_all_of_it_is_small(self):
        if BUILD_TYPE != "Release":
            self.skipTest("only a release build is made small")
        sizes = {str(path.relative_to(self.prefix)): path.stat().st_size
                 for path in self.prefix.rglob("*") if path.is_file() and path.name not in OTHER_AGENTS}
        library, = (size for path, size in sizes.items() if path.endswith("/libprun.a"))
        # What a host needs to build and to start programs; the aim is in docs/performance.md.
        self.assertLess(library + sizes[f"bin/{LAUNCHER}"], 5_000_000, sizes)
        self.assertLess(sum(sizes.values()), 8_000_000, sizes)

    def test_agents_for_other_processors_go_along(self):
        for name in OTHER_AGENTS:
            self.assertEqual((self.prefix / "libexec/prun" / name).read_bytes(), (AGENTS / name).read_bytes())

    def test_command_stands_on_its_own(self):
        self.assertRegex(self.run_well(self.launcher, "--version"), r"\d+\.\d+\.\d+")
        dynamic = self.run_well("readelf", "--dynamic", self.launcher)
        self.assertNotRegex(dynamic, r"\((RUNPATH|RPATH)\)")
        self.assertNotIn(BUILD, dynamic)


if __name__ == "__main__":
    unittest.main()
