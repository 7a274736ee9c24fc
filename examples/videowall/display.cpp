#include "display.hpp"

#include <unistd.h>

#include <cstdlib>

namespace wall {

void choose_display(const std::string& display, const std::string& output) {
  const bool names_display = !output.empty() && output.front() == ':';
  const std::string& wanted = names_display ? output : display;
  if (!wanted.empty()) {
    setenv("DISPLAY", wanted.c_str(), 1);
    unsetenv("WAYLAND_DISPLAY");
    return;
  }
  if (std::getenv("DISPLAY") != nullptr || std::getenv("WAYLAND_DISPLAY") != nullptr) return;
  const std::string runtime = "/run/user/" + std::to_string(getuid());
  if (access((runtime + "/wayland-0").c_str(), R_OK | W_OK) == 0) {
    setenv("XDG_RUNTIME_DIR", runtime.c_str(), 0);
    setenv("WAYLAND_DISPLAY", "wayland-0", 1);
  } else if (access("/tmp/.X11-unix/X0", F_OK) == 0) {
    setenv("DISPLAY", ":0", 1);
  }
}

}  // namespace wall
