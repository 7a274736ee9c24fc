#pragma once

#include <string>

namespace wall {

// Has what is started from now on play on that screen: `output` of the layout if it is an X display,
// else `display`, where given; otherwise the host's own, whatever it is. A login by ssh knows none:
// then the Wayland or X session of this user is looked for. Where there is neither, none is
// named, and players that can go to the bare console.
void choose_display(const std::string& display, const std::string& output);

}  // namespace wall
