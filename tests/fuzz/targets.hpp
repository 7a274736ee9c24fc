#pragma once

#include <cstddef>
#include <span>

// What is fed with hostile bytes. A target reads any bytes at all, holds what it finds to what the
// code promises, and aborts where that is broken. The name of a target is that of its function, its
// file (NAME_fuzz.cpp), its folder of seeds, and its test (fuzz.NAME). No state is kept from one
// call to the next.
namespace prun::fuzz {

using Bytes = std::span<const std::byte>;

void data_frame(Bytes input);
void handshake(Bytes input);
void connection(Bytes input);
void shared_memory(Bytes input);
void lz4_block(Bytes input);
void control_frame(Bytes input);
void stage_messages(Bytes input);
void serialized(Bytes input);
void host_list(Bytes input);
void hostfile(Bytes input);
void login_reply(Bytes input);
void settings(Bytes input);

// Prints what was promised and aborts, unless it holds.
void require(bool holds, const char* promise);

}  // namespace prun::fuzz
