#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/core/result.hpp"

namespace prun::cli {

// NAME=VALUE of this process, in its own order.
std::vector<std::string> own_environment();

// The value of a variable in such a list; the last one counts.
std::optional<std::string> value_in(const std::vector<std::string>& environment,
                                    std::string_view name);

// NAME=VALUE from what -x or -genv was given: NAME=VALUE itself, or NAME with the value it has in
// `own`. Fails where NAME is no variable's name or is not set.
core::Result<std::string> resolve_variable(std::string_view text,
                                           const std::vector<std::string>& own);

// Where a rank runs, as seen from prun.
enum class RankSite {
  here,           // this machine, started by prun itself: ranks get prun's whole environment
  same_machine,   // another host with the same machine type (uname -m)
  other_machine,  // another host of another type: the launcher's libraries mean nothing there
};

// True if a variable of prun's own environment goes to a rank at that site without being asked for.
//
// On another host a rank gets the user's variables, except those that describe the launcher's
// machine, login or terminal rather than the work: HOME USER LOGNAME MAIL SHELL SHLVL _ HOSTNAME
// PWD OLDPWD, SSH_* XDG_* DBUS_* SUDO_*, DISPLAY WAYLAND_DISPLAY XAUTHORITY (each host shows on its
// own screen), TERM and other terminal variables (ranks have no terminal), TMPDIR TMP TEMP (the
// folder may not exist there), what systemd, tmux and screen leave, exported shell functions and
// start-up files. PATH stays behind as well: each host's own PATH finds the host's own programs,
// and a foreign one would hide them. LD_LIBRARY_PATH goes to hosts of the same machine type only,
// LD_PRELOAD and LD_AUDIT to none. -x sends any of them.
bool is_forwarded(std::string_view name, RankSite site);

// The variables of a rank, NAME=VALUE, each name once: `own` as far as it is forwarded, overlaid by
// `given` (from -x and -genv), and PYTHONUNBUFFERED=1 unless either has it, so that Python's lines
// arrive when they are printed.
std::vector<std::string> rank_environment(const std::vector<std::string>& own,
                                          const std::vector<std::string>& given, RankSite site);

}  // namespace prun::cli
