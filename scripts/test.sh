#!/usr/bin/env bash
# Every check and test there is: installs what is missing, then stops at the first stage that fails and names it.
#
# usage: test.sh [--quick]
#   --quick  only the last two stages
#
# Stages: format (clang-format), tidy (clang-tidy on our own sources), asan (a build by clang with address and
# undefined-behaviour sanitizers, and its tests), tsan (the thread sanitizer, and the tests in which there are
# threads), fuzz (each fuzzer for half a minute), agents (those for other processors), release (the build users run
# and all tests). The tests on virtual clusters need root; without it ctest lists them as skipped. Afterwards the programs
# stand in build/release/bin.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

quick=''
case ${1-} in
  '') ;;
  --quick) quick=1 ;;
  *)
    sed -n '2,/^set /{ s/^# \{0,1\}//p }' "${BASH_SOURCE[0]}"
    [ "$1" = --help ] && exit 0
    exit 64 ;;
esac

jobs=$(nproc)
stage=packages status=0
trap 'status=$?; [ $status = 0 ] || echo "test.sh: the stage \"$stage\" failed (exit status $status)" >&2' EXIT
begin() {
  stage=$1
  echo "== $stage"
}

sources() { # sources PATTERN FOLDER...: NUL-terminated names
  local pattern=$1
  shift
  find "$@" -name "$pattern" -print0
}

check_format() {
  sources '*.[ch]pp' bench examples include launcher runtime tests tune | xargs -0 -r clang-format --dry-run -Werror
}

# Headers are seen through the sources that include them (HeaderFilterRegex).
check_tidy() {
  sources '*.cpp' examples launcher runtime tune | xargs -0 -r scripts/lib/tidy build/release "$jobs"
}

build_and_test() { # build_and_test PRESET
  cmake --preset "$1" >/dev/null
  cmake --build --preset "$1" --parallel "$jobs"
  ctest --preset "$1" --parallel "$jobs"
}

scripts/install-packages build cluster test agents
# Where ccache is installed, what was compiled before is not compiled again, wherever the tree lies.
if [ -z "${CMAKE_CXX_COMPILER_LAUNCHER-}" ] && [ -n "$(type -P ccache)" ]; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR="${CCACHE_BASEDIR-$PWD}" CCACHE_NOHASHDIR=1
fi
if [ -z "$quick" ]; then
  begin format
  check_format
  begin tidy
  cmake --preset release >/dev/null
  check_tidy
  begin asan
  build_and_test asan
  begin tsan
  cmake --preset tsan >/dev/null
  cmake --build --preset tsan --parallel "$jobs" --target threaded_tests
  ctest --preset tsan --parallel "$jobs" \
    -R '^unit\.(InputTest|KeptInput|SinkTest|MergerTest|Files|LocalHost)\.|^ranks\.launcher_(output|terminal)$'
  begin fuzz
  build_and_test fuzz
fi
begin agents
scripts/build-agents --tests
begin release
export PRUN_TEST_ALL=1 # what this script has built is tested, or the test fails
build_and_test release
