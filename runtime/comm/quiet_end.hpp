#pragma once

namespace prun::detail {

// A program that does not catch the Error about a lost rank ends by it, as it should. But when the
// launcher has told of the loss the job is being ended, and the launcher names the cause: then it ends
// without the words of the C++ library, which each of the other ranks would add. Everything else that is
// not caught ends the program as it would without this. Process-wide, as std::set_terminate is.
void end_quietly_when_the_job_does();

// From now on that holds.
void note_that_the_job_ends() noexcept;

}  // namespace prun::detail
