#!/usr/bin/env bash
# The main job on four hosts, none of which you need to own: installs what is missing, builds prun, boots a virtual
# cluster rpi1 to rpi4, runs prun on rpi1 as one would on a real cluster, and removes the cluster again.
#
# usage: demo.sh [--keep] [--rate RATE]
#   --keep       leave the cluster up and say what can be done with it
#   --rate RATE  speed of the hosts' links: 10mbit, 100mbit (default), 1gbit, none
#
# Without root, or where the machine allows no namespaces, the program runs on this machine alone.
# Exit status: that of prun; 130 and 143 when interrupted.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
bin=$PWD/build/release/bin

keep='' rate=100mbit
while [ $# -gt 0 ]; do
  case $1 in
    --keep) keep=1 ;;
    --rate)
      [ $# -ge 2 ] || { echo "demo.sh: --rate needs a value, such as 10mbit" >&2; exit 64; }
      rate=$2
      shift ;;
    *)
      sed -n '2,/^set /{ s/^# \{0,1\}//p }' "${BASH_SOURCE[0]}"
      [ "$1" = --help ] && exit 0
      exit 64 ;;
  esac
  shift
done

why=''
if [ "$(id -u)" = 0 ]; then
  scripts/install-packages build cluster
  why=$(scripts/vcluster check 2>&1) || true
else
  scripts/install-packages build
  why='not root'
fi

echo "Building prun in build/release"
log=$(cmake --preset release 2>&1) || { echo "$log" >&2; exit 1; }
cmake --build --preset release --target programs --parallel "$(nproc)"

job=''
name=''
# shellcheck disable=SC2317  # called by the trap
finish() {
  local status=$? tenths=0
  trap '' INT TERM HUP
  if [ -n "$job" ] && kill -TERM "$job" 2>/dev/null; then
    while kill -0 "$job" 2>/dev/null && ((tenths++ < 50)); do
      sleep 0.1
    done
  fi
  if [ -n "$name" ]; then
    scripts/vcluster --name "$name" down >/dev/null
  fi
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# In the background, so that a signal to this script is acted on at once and not when the job is done.
run() {
  local status=0
  "$@" <&0 &
  job=$!
  wait "$job" || status=$?
  job=''
  return "$status"
}

status=0
if [ -n "$why" ]; then
  echo "No virtual cluster (${why#vcluster: }): running on this machine alone"
  command=(prun -n 4 ./prime 100000)
  echo "\$ ${command[*]}"
  run env --default-signal=INT,QUIT -C "$bin" "PATH=$bin:$PATH" "${command[@]}" || status=$?
  exit "$status"
fi

cluster=demo-$$
[ -z "$keep" ] || cluster=pi
if [ -n "$keep" ]; then
  scripts/vcluster --name "$cluster" up 4 --rate "$rate" >/dev/null
else
  name=$cluster
  scripts/vcluster --name "$cluster" up 4 --rate "$rate" --owner $$ >/dev/null
fi
command=(prun -H 'rpi1,rpi2,rpi3,rpi4' ./prime 100000)
echo "rpi1 to rpi4 are up, links at $rate"
echo "root@rpi1:$bin\$ ${command[*]}"
run scripts/vcluster --name "$cluster" sh --dir "$bin" rpi1 "${command[@]}" || status=$?

if [ -n "$keep" ]; then
  cat <<END

The cluster is still up:
  scripts/vcluster sh rpi1         a shell on rpi1; prun is in its PATH, the programs are in $bin
  scripts/vcluster rate 10mbit     slower links
  scripts/vcluster cut rpi2        pull a network cable; mend rpi2 puts it back
  scripts/vcluster off rpi3        pull a power plug; on rpi3 boots it again
  scripts/vcluster status          what is up
  scripts/vcluster down            remove it all
END
fi
exit "$status"
