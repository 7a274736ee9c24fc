#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "launcher/doctor/examiner.hpp"
#include "launcher/doctor/facts.hpp"

// What only a job can find out: jobs of another prun, told to leave nothing on the hosts.
namespace prun::doctor {

// Fills in the pairs: of each two machines that can be used, by the data plane of a job.
void measure_links(Examination& examination, const Tools& tools);

// Fills in what the agents of usable hosts say of the program; it is not started.
void try_program(Examination& examination, const Tools& tools);

// "pair 0 1 0.000210 11700000 11800000" with ranks of `host_of_rank`.
bool take_pair_line(std::string_view line, const std::vector<std::size_t>& host_of_rank,
                    Examination& examination);

// "prun: rpi1, rpi3: cannot run ./prime: ...", if it begins with names of hosts.
bool take_program_line(std::string_view line, bool fails, Examination& examination);

// The arguments that bring `prun doctor` to run such a job itself.
inline constexpr std::string_view links_run = "--links-run";
inline constexpr std::string_view program_run = "--program-run";

}  // namespace prun::doctor
