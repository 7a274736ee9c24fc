# Debian's cross compiler for 32-bit ARM with hardware floating point: g++-arm-linux-gnueabihf, and libsodium-dev:armhf.
# Debian's C library, and so every static program, needs armv7; README.md says what armv6 takes.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_CXX_COMPILER arm-linux-gnueabihf-g++)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
