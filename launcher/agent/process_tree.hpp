#pragma once

#include <sys/types.h>

#include <vector>

namespace prun::agent {

// Makes this process the parent of every orphan among its descendants, so that none can leave its
// sight: a process that changed its group or session is still found by descendants().
void adopt_orphans();

// Every process below `root`, whatever its group or session. A picture of one moment; one that has
// ended but was not reaped is still in it (a process whose first thread has left looks the same and
// may be alive).
std::vector<pid_t> descendants(pid_t root);

// Whether the process has a handler for that signal, or holds it back to take it later.
bool survives(pid_t pid, int number);

// Sends `number` to every process below this one, and CONT after it so that stopped ones hear it
// too.
void signal_descendants(int number);

// Asks every process below this one to end: by that signal where it has a handler for it, by TERM
// where not. `insist` then sends TERM to those that had a handler.
void ask_descendants_to_end(int number);
void insist_that_descendants_end(int number);

// Kills and reaps everything below this process and returns when it is gone, or after five seconds.
void end_descendants();
// The same, the children of this process after all that is below them: one of them may be an agent that has
// been told to end the others, and does if this process is killed now.
void end_descendants_children_last();

}  // namespace prun::agent
