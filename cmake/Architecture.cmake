# What agents call the processor that is built for; launcher/stage/architecture.cpp knows the names.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^arm" OR (CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64" AND CMAKE_SIZEOF_VOID_P EQUAL 4))
  # The compiler decides which boards can run it: Debian's builds for armv7, that of Raspberry Pi OS for armv6.
  include(CheckCXXSourceCompiles)
  check_cxx_source_compiles("#if __ARM_ARCH < 6 || !defined(__ARM_PCS_VFP)
                             #error neither
                             #endif
                             int main() { return 0; }" PRUN_ARM_HARD_FLOAT)
  check_cxx_source_compiles("#if __ARM_ARCH < 7
                             #error older
                             #endif
                             int main() { return 0; }" PRUN_ARM_IS_ARMV7)
  if(NOT PRUN_ARM_HARD_FLOAT)
    message(FATAL_ERROR "prun is for ARM processors from armv6 with hardware floating point on")
  elseif(PRUN_ARM_IS_ARMV7)
    set(PRUN_ARCHITECTURE armhf)
  else()
    set(PRUN_ARCHITECTURE armv6)
  endif()
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^i[3-6]86$")
  set(PRUN_ARCHITECTURE i686)
else()
  set(PRUN_ARCHITECTURE "${CMAKE_SYSTEM_PROCESSOR}")
endif()
