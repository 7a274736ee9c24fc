#pragma once

// The version of this library, for the preprocessor and for people.
#define PRUN_VERSION_MAJOR 0
#define PRUN_VERSION_MINOR 1
#define PRUN_VERSION_PATCH 0
#define PRUN_VERSION_STRING "0.1.0"
