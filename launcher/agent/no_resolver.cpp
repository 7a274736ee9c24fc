// Stands in for the C library's resolver in the agent, which resolves no name: Asio refers to it, and in a static
// program it would need the very libraries it was linked with.
#include <netdb.h>

extern "C" {

int getaddrinfo(const char*, const char*, const addrinfo*, addrinfo**) {
  return EAI_FAIL;
}

void freeaddrinfo(addrinfo*) noexcept {}

int getnameinfo(const sockaddr*, socklen_t, char*, socklen_t, char*, socklen_t, int) {
  return EAI_FAIL;
}

const char* gai_strerror(int) noexcept {
  return "names are not resolved here";
}

}  // extern "C"
