"""prun keys, with programs that stand in for ssh and its helpers."""

import os
import unittest

import terminal
from launcher_support import PRUN, LauncherTest


class Keys(LauncherTest):
    """Each host has a file with its state: unknown, refuses, keyonly, works, dead."""

    def setUp(self):
        super().setUp()
        os.makedirs(self.path("bin"))
        os.makedirs(self.path("home/.ssh"), 0o700)
        self.environment.update(PATH=self.path("bin") + ":" + self.environment["PATH"], HOME=self.path("home"))
        self.environment.pop("SSH_AUTH_SOCK", None)
        log = self.path("log")
        self.write("bin/ssh", f'''#!/bin/sh
for word; do
  host=$command; command=$word
  test "$word" = -- && name=$host
  test "$word" = -G && {{ echo "identityfile ~/.ssh/id_rsa"; echo "identityfile ~/.ssh/id_ed25519"; exit 0; }}
done
case "$*" in *BatchMode=yes*) asks=;; *) asks=1; echo "ssh $name" >>{log};; esac
name=${{name#*@}}
state=`cat {self.folder.name}/$name`
case $state in
  unknown)
    test -n "$asks" || {{ echo "Host key verification failed." >&2; exit 255; }}
    printf "key of $name is SHA256:abc (yes/no)? " >/dev/tty; read answer </dev/tty
    test "$answer" = yes || {{ echo "Host key verification failed." >&2; exit 255; }}
    echo refuses >{self.folder.name}/$name; echo "Permission denied (publickey,password)." >&2; exit 255;;
  refuses) echo "pi@$name: Permission denied (publickey,password)." >&2; exit 255;;
  keyonly) echo "pi@$name: Permission denied (publickey)." >&2; exit 255;;
  dead) echo "ssh: connect to host $name port 22: No route to host" >&2; exit 255;;
esac
exit 0
''')
        self.write("bin/ssh-copy-id", f'''#!/bin/sh
echo "ssh-copy-id $*" >>{log}
for host; do :; done
printf "password of $host: " >/dev/tty; read answer </dev/tty
test "$answer" = secret && echo works >{self.folder.name}/${{host#*@}}
''')
        self.write("bin/ssh-keygen", f'''#!/bin/sh
echo "ssh-keygen $*" >>{log}
touch {self.path("home/.ssh/id_ed25519")} {self.path("home/.ssh/id_ed25519.pub")}
''')
        self.write("bin/ssh-add", "#!/bin/sh\necho 'The agent has no identities.'; exit 1\n")

    def states(self, **states):
        for host, state in states.items():
            self.write(host, state + "\n", 0o600)

    def give_key(self):
        for name in ("id_ed25519", "id_ed25519.pub"):
            self.write(f"home/.ssh/{name}", "", 0o600)

    def log(self):
        try:
            with open(self.path("log")) as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def on_a_terminal(self, answers, *words):
        """prun keys on a terminal of its own, where somebody types the answer to each question."""
        left = list(answers)

        def answer(said):
            asked = said.count("(yes/no)? ") + said.count("password of ")
            return left.pop(0) if len(answers) - len(left) < asked and said.rstrip(" ").endswith(("?", ":")) else None

        status, said = terminal.talk(lambda: os.execve(PRUN, ["prun", "keys", *words], self.environment), answer)
        return status, said.replace("\r", "")

    def test_a_host_that_works_is_left_as_it_is(self):
        self.states(rpi1="works", rpi2="works")
        done = self.run_prun("keys", "-H", "rpi1,pi@rpi2")
        self.assertEqual((done.status, done.err), (0, ""))
        self.assertEqual(done.out, "rpi1: works already, left as it is\npi@rpi2: works already, left as it is\n")
        self.assertEqual(self.log(), [])

    def test_all_that_is_missing(self):
        self.states(rpi1="unknown", rpi2="refuses", rpi3="works", rpi4="dead")
        status, said = self.on_a_terminal(["yes", "secret", "secret"], "-H", "rpi1,pi@rpi2,rpi3,rpi4")
        self.assertEqual(status, 1, said)
        key = self.path("home/.ssh/id_ed25519")
        self.assertEqual(self.log(), [f"ssh-keygen -t ed25519 -f {key}", "ssh rpi1", f"ssh-copy-id -i {key}.pub rpi1",
                                      f"ssh-copy-id -i {key}.pub pi@rpi2"])
        self.assertIn("rpi1: its host key was confirmed and our key copied there; it works now\n", said)
        self.assertIn("pi@rpi2: our key was copied there; it works now\n", said)
        self.assertIn("rpi3: works already, left as it is\n", said)
        self.assertRegex(said, "rpi4: there is no way to it through the network .*ping rpi4\n")

    def test_a_host_key_that_is_not_confirmed_and_a_wrong_password(self):
        self.give_key()
        self.states(rpi1="unknown", rpi2="refuses")
        status, said = self.on_a_terminal(["no", "wrong"], "-H", "rpi1,rpi2")
        self.assertEqual(status, 1)
        self.assertIn("rpi1: its host key was not confirmed\n", said)
        self.assertRegex(said, "rpi2: it refuses our ssh key .*; ssh-copy-id rpi2\n")
        self.assertEqual(len(self.log()), 2)

    def test_a_dry_run_changes_nothing(self):
        self.states(rpi1="unknown", rpi2="refuses", rpi3="works", rpi4="keyonly")
        done = self.run_prun("keys", "--dry-run", "-H", "rpi1,rpi2,rpi3,rpi4")
        self.assertEqual((done.status, done.err, self.log()), (1, "", []))
        self.assertRegex(done.out, "^ssh-keygen would make a key: .*/id_ed25519\nrpi1: ssh would show its host key")
        self.assertIn("rpi2: ssh-copy-id would copy our key there", done.out)
        self.assertIn("rpi3: works already, nothing to do", done.out)
        self.assertRegex(done.out, "rpi4: it refuses our ssh key and takes no password")
        self.assertEqual(os.listdir(self.path("home/.ssh")), [])

    def test_without_a_terminal_nothing_is_asked(self):
        self.states(rpi2="refuses")
        done = self.run_prun("keys", "-H", "rpi2")
        self.assertEqual((done.status, self.log()), (125, []))
        self.assertIn("there is no terminal", done.err)

    def test_ports_and_arguments_go_along(self):
        self.give_key()
        self.states(rpi2="refuses")
        status, said = self.on_a_terminal(["secret"], "--ssh-args", "-4 -o 'User pi' -v", "-H", "ssh://rpi2:2222")
        self.assertEqual(status, 0, said)
        self.assertEqual(self.log(), [f"ssh-copy-id -o User pi -i {self.path('home/.ssh/id_ed25519')}.pub -p 2222 rpi2"])

    def test_no_check_is_weakened(self):
        words = self.path("words")
        self.write("bin/ssh", f'#!/bin/sh\necho "$*" >>{words}\necho "Host key verification failed." >&2\nexit 255\n')
        self.give_key()
        self.on_a_terminal([], "-H", "rpi2")
        with open(words) as file:
            text = file.read()
        self.assertIn("BatchMode=no", text)
        for option in ("StrictHostKeyChecking", "UserKnownHostsFile", "CheckHostIP"):
            self.assertNotIn(option, text)

    def test_words_that_are_not_understood(self):
        for words, said in [((), "no host given"), (("-H", "rpi2", "true"), "takes no program")]:
            done = self.run_prun("keys", *words)
            self.assertEqual(done.status, 125)
            self.assertIn(said, done.err)
        self.assertIn("Usage: prun keys", self.run_prun("keys", "--help").out)


if __name__ == "__main__":
    unittest.main()
