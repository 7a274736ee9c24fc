#include "launcher/ssh/remote_command.hpp"

#include <fmt/format.h>

namespace prun::ssh {
namespace {

// One line for sh. Only what has to be sent costs processes: kernels from 6.1 on tell the machine
// without `uname`. The system's programs come first whatever PATH says; the agent gets it as it was.
constexpr std::string_view choose =
    "P=$PATH; PATH=/usr/bin:/bin:$PATH; "
    "{{ read m </proc/sys/kernel/arch; }} 2>/dev/null || m=`uname -m`; "
    "case $m in {cases}*) printf '\\nprun-machine %s\\n' \"$m\"; exit 126;; esac; "
    "case $XDG_CACHE_HOME in /*) c=$XDG_CACHE_HOME;; *) c=$HOME/.cache;; esac; "
    "c=$c/prun; p=$c/agent-$a; ";

// No folder can be made there, so that the agent takes a temporary one, which goes with it.
constexpr std::string_view hide_cache = "XDG_CACHE_HOME=/dev/null; export XDG_CACHE_HOME; ";

// Only this user's own file in his own folder: XDG_CACHE_HOME or HOME may point into another's.
constexpr std::string_view start_cached =
    "if test -O \"$c\" && test ! -h \"$c\" && test -O \"$p\" && test ! -h \"$p\" && "
    "test -f \"$p\" && test -s \"$p\" && test -x \"$p\"; then "
    "printf '\\nprun-shell %s\\n' \"$p\"; PATH=$P; exec \"$p\"; fi; ";

// A folder serves if it is this user's alone, a file in it can be made, may be executed, and there is
// room. In folders that others may write to only a new folder of our own serves, whose name nobody
// could know before: no link of theirs is ever followed. And what it is in must not be another's, who
// could put his own in its place: others may write to it only if it is the system's and sticky. A
// launcher that leaves meanwhile must not end the shell before it has removed what it has made. What
// has come gets a name to stay, or goes, by itself; the shell waits for its end, because it may be
// killed before it could.
constexpr std::string_view take_in =
    "trap '' PIPE; printf '\\nprun-shell %s\\n' \"$p\"; "
    "above() {{ set -- `ls -Lldn \"${{d%/*}}/\"`; case $1 in d????????[tT]*) test \"$3\" = 0;; "
    "d???????[!w]*) test \"$3\" = 0 || test -O \"${{d%/*}}/\";; *) false;; esac; }}; "
    "try() {{ (umask 077; {{ test -n \"$1\" || above; }} && mkdir $1 \"$d\" && "
    "case `ls -ld \"$d\"` in drwx--[-S]---*) test -O \"$d\";; *) false;; esac && "
    "true >\"$t\" && chmod 700 \"$t\" && test -x \"$t\" && "
    "{{ df -Pk \"$d\" | {{ read x; read x x x f x; ! test \"$f\" -lt $k; }}; }} "
    "|| {{ rm -f \"$t\"; test -n \"$1\" || rmdir \"$d\"; false; }}) 2>/dev/null; }}; "
    "gone() {{ rm -f \"$t\"; test -n \"$o\" || rmdir \"$d\"; }} 2>/dev/null; "
    "w=; for d in {places}; do "
    "case $d in \"$c\") t=$d/.new-{name}; q=$p; o=-p;; *) t=$d/prun-agent; q=; o=;; esac; "
    "w=\"$w $d\"; if try $o; then "
    "printf '\\nprun-need %s\\n' \"$a\"; read -r s; "
    "if head -c 1 </dev/null >/dev/null 2>&1; then head -c $n >\"$t\"; "
    "else dd bs=1 count=$n >\"$t\" 2>/dev/null; fi; "
    "if test `wc -c <\"$t\"` -eq $n; then (PATH=$P; exec \"$t\" --arrived \"$s\" \"$q\"); s=$?; "
    "gone; "
    "exit $s; fi; gone; printf '\\nprun-unsent %s\\n' \"$d\"; exit 125; fi; done; "
    "printf '\\nprun-no-room%s\\n' \"$w\"; exit 125";

}  // namespace

std::string shell_quote(std::string_view text) {
  std::string quoted = "'";
  for (const char letter : text) {
    if (letter == '\'' || letter == '\\' || letter == '!') {
      // fish reads \ and csh reads ! inside single quotes; outside of them all agree.
      quoted += "'\\";
      quoted += letter;
      quoted += '\'';
    } else {
      quoted += letter;
    }
  }
  return quoted + "'";
}

std::string remote_command(const AgentRequest& request) {
  std::string cases;
  for (const auto& choice : stage::agents_by_machine(request.agents)) {
    cases += fmt::format("{}*) a={}-{} n={} k={};; ", choice.machine, choice.agent->architecture,
                         choice.agent->id, choice.agent->bytes, choice.agent->bytes / 1024 + 1);
  }
  std::string places = request.elsewhere || request.leaves_nothing ? "" : "\"$c\" ";
  for (const std::string_view folder : {"${TMPDIR:-/tmp}", "/dev/shm", "/var/tmp"})
    places += fmt::format("\"{}/prun-{}\" ", folder, request.name);
  std::string script = fmt::format(choose, fmt::arg("cases", cases));
  if (request.leaves_nothing) script += hide_cache;
  if (!request.afresh && !request.elsewhere) script += start_cached;
  script += fmt::format(take_in, fmt::arg("places", places), fmt::arg("name", request.name));
  return "exec /bin/sh -c " + shell_quote(script);
}

}  // namespace prun::ssh
