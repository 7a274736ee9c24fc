"""Compiles one section of a file of misuses and fails unless the compiler refuses it for the reason given there.

must_not_compile.py FILE SECTION COMPILER [OPTION...]    (SECTION "": the file must compile)
"""
import re
import subprocess
import sys


def section_of(path, name, packed):
    """The first and last line of a section, and what is expected of it."""
    with open(path, encoding="utf-8") as source:
        lines = source.read().splitlines()
    for first, line in enumerate(lines, start=1):
        opening = re.fullmatch(r"#ifdef (\w+)  // error: (.+?)(?:; packed: (.+))?", line)
        if opening and opening[1] == name:
            last = lines.index("#endif", first)
            return first, last, opening[3] if packed and opening[3] else opening[2]
    sys.exit(f"{path} has no section {name} with an // error: expression")


def main():
    path, section, *command = sys.argv[1:]
    define = [f"-D{section}"] if section else []
    done = subprocess.run([*command, *define, "-fsyntax-only", path], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    print(done.stdout)
    if not section:
        return done.returncode
    first, last, expected = section_of(path, section, "-DWITH_SERIALIZE" in command)
    if expected == "compiles":
        return done.returncode
    if done.returncode == 0:
        sys.exit(f"{section} compiled")
    errors = re.findall(rf"^{re.escape(path)}:(\d+):\d+: (?:fatal )?error: ", done.stdout, re.M)
    elsewhere = [line for line in errors if not first <= int(line) <= last]
    if elsewhere:
        sys.exit(f"{section} was refused, but so were lines {', '.join(elsewhere)} outside of it")
    mentioned = {int(line) for line in re.findall(rf"^{re.escape(path)}:(\d+):", done.stdout, re.M)}
    if not any(first <= line <= last for line in mentioned):
        sys.exit(f"{section} was refused, but the compiler points at no line of it")
    if not re.search(expected, done.stdout):
        sys.exit(f"{section} was refused, but not for the reason expected: {expected}")
    return 0


sys.exit(main())
