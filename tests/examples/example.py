"""How the tests of the examples start them: alone, or under prun on this machine."""
import os
import subprocess
import unittest

BIN = os.environ["PRUN_BIN"]
TIME_LIMIT = 60  # seconds for one run; every run here takes a second or two


def program(name):
    return os.path.join(BIN, name)


def alone(name, *arguments, **options):
    return _run([program(name), *arguments], **options)


def under_prun(ranks, name, *arguments, **options):
    return command_under_prun(ranks, program(name), *arguments, **options)


def command_under_prun(ranks, *command, options=(), **settings):
    return _run([program("prun"), "-n", str(ranks), *options, *command], **settings)


def _run(command, cwd=None, env=None):
    # More ranks than this machine has cores are nothing to talk about here.
    env = dict(os.environ if env is None else env, PRUN_OPTIONS="--oversubscribe")
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=TIME_LIMIT, cwd=cwd, env=env, check=False)


class ExampleTest(unittest.TestCase):
    """Runs end well, with nothing on stderr, unless a test says otherwise."""

    def start(self, ranks, name, *arguments, **options):
        """`ranks` of 0: without prun, which is a world of one rank."""
        if ranks == 0:
            return alone(name, *arguments, **options)
        return under_prun(ranks, name, *arguments, **options)

    def output(self, ranks, name, *arguments, **options):
        done = self.start(ranks, name, *arguments, **options)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return done.stdout

    def refused(self, ranks, name, *arguments):
        """What is said about arguments that cannot be used: once, on stderr, with exit status 2."""
        done = self.start(ranks, name, *arguments)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertEqual(done.stderr.count("Run with --help"), 1, done.stderr)
        return done.stderr

    def helped(self, ranks, name, *expected):
        """--help is printed once, on stdout, and names what is expected."""
        text = self.output(ranks, name, "--help")
        self.assertEqual(text.count("Usage:"), 1, text)
        for words in expected:
            self.assertIn(words, text)
