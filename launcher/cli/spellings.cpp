#include "launcher/cli/spellings.hpp"

#include <algorithm>

namespace prun::cli {
namespace {

constexpr Spelling option(std::string_view written, std::string_view name, Takes takes,
                          std::string_view implied = {}) {
  return {written, Effect::option, takes, name, implied, {}};
}
constexpr Spelling ignored(std::string_view written, Takes takes, std::string_view reason) {
  return {written, Effect::ignored, takes, {}, {}, reason};
}
constexpr Spelling refused(std::string_view written, std::string_view reason) {
  return {written, Effect::refused, Takes::nothing, {}, {}, reason};
}

constexpr auto nothing = Takes::nothing;
constexpr auto count = Takes::count;
constexpr auto value = Takes::value;
constexpr auto name_and_value = Takes::name_and_value;

constexpr std::string_view as_always = "it is how prun works anyway";
constexpr std::string_view no_running_machine =
    "prun keeps nothing running between jobs that hosts could be added to; name all hosts with -H";
constexpr std::string_view no_cores_by_hand =
    "ranks are bound to cores by --bind-to core, or not at all";
constexpr std::string_view no_scheduler =
    "prun works without a batch system; name the hosts with -H or --hostfile";
constexpr std::string_view no_gpus = "prun knows nothing of graphics processors; leave it out";

constexpr Spelling table[] = {
    // Where and how many.
    option("n", "--ranks", count),
    option("np", "--ranks", count),
    option("c", "--ranks", count),
    option("N", "--per-host", count),
    option("ppn", "--per-host", count),
    option("npernode", "--per-host", count),
    option("pernode", "--per-host", nothing, "1"),
    option("ppr", "--ppr", value),
    option("H", "--hosts", value),
    option("host", "--hosts", value),
    option("hosts", "--hosts", value),
    option("hostlist", "--hosts", value),
    option("machine", "--hosts", value),
    option("machines", "--hosts", value),
    option("machinelist", "--hosts", value),
    option("f", "--hostfile", value),
    option("hostfile", "--hostfile", value),
    option("machinefile", "--hostfile", value),
    option("default-hostfile", "--hostfile", value),
    refused("add-host", no_running_machine),
    refused("add-hostfile", no_running_machine),
    option("app", "--app", value),
    option("configfile", "--app", value),
    option("map-by", "--map-by", value),
    option("map", "--map", value),
    option("bynode", "--map-by", nothing, "node"),
    option("byslot", "--map-by", nothing, "slot"),
    option("rank-by", "--rank-by", value),
    refused("rankmap",
            "ranks are placed by -n, -N, host:N and --map-by slot or node; or name the "
            "hosts in the order you want"),
    refused("rankfile",
            "ranks are placed by -n, -N, host:N and --map-by slot or node; a hostfile "
            "with the hosts in the order you want does the same"),
    refused("order-nodes", "hosts are taken in the order you name them"),
    option("nolocal", "--nolocal", nothing),
    option("skip-launch-node", "--nolocal", nothing),
    option("oversubscribe", "--oversubscribe", nothing),
    option("nooversubscribe", "--nooversubscribe", nothing),
    option("bind-to", "--bind-to", value),
    option("binding", "--bind-to", value),
    option("bind-to-core", "--bind-to", nothing, "core"),
    option("bind-to-none", "--bind-to", nothing, "none"),
    ignored("bind-to-socket", nothing, no_cores_by_hand),
    ignored("membind", value, no_cores_by_hand),
    ignored("topolib", value, no_cores_by_hand),
    ignored("cpu-list", value, no_cores_by_hand),
    ignored("cpu-set", value, no_cores_by_hand),
    ignored("report-bindings", nothing, "`prun --dry-run --bind-to core` shows what is bound"),
    ignored("use-hwthread-cpus", nothing, no_cores_by_hand),

    option("min-hosts", "--min-hosts", value),
    option("skip-dead", "--skip-dead", nothing),
    option("wait-hosts", "--wait-hosts", value),

    // What the ranks get.
    option("x", "--variable", value),
    option("env", "--variable", name_and_value),
    option("set-env", "--variable", value),
    option("genv", "--variable-of-all", name_and_value),
    option("envlist", "--variables", value),
    option("genvlist", "--variables-of-all", value),
    option("envall", "--forward", nothing, "all"),
    option("envnone", "--forward", nothing, "none"),
    option("genvall", "--forward-of-all", nothing, "all"),
    option("genvnone", "--forward-of-all", nothing, "none"),
    option("unset-env", "--unset-env", value),
    refused("prepend-env", "write the whole value: -x NAME=MORE:$NAME"),
    refused("append-env", "write the whole value: -x NAME=$NAME:MORE"),
    option("wdir", "--wdir", value),
    option("wd", "--wdir", value),
    option("path", "--path", value),
    ignored("prefix", value, "prun finds its other half on the hosts by itself"),
    ignored("noprefix", nothing, "prun finds its other half on the hosts by itself"),
    ignored("hybrid-hosts", nothing, as_always),
    option("stage", "--stage", value),
    option("preload-files", "--stage", value),
    option("preload-binary", "--stage", nothing, "auto"),
    option("s", "--stage", nothing, "auto"),
    option("stdin", "--stdin", value),
    option("tty", "--tty", nothing),

    // What you see.
    option("l", "--label", nothing),
    option("label", "--label", nothing),
    option("prepend-rank", "--prepend-pattern", nothing, "[%r] "),
    option("tag-output", "--label", nothing),
    option("prepend-pattern", "--prepend-pattern", value),
    option("timestamp-output", "--timestamp-output", nothing),
    option("timestamp", "--timestamp-output", nothing),
    option("output", "--output", value),
    option("output-from", "--output-from", value),
    option("output-dir", "--output-dir", value),
    option("output-filename", "--output-dir", value),
    option("outfile-pattern", "--outfile-pattern", value),
    option("outfile", "--outfile-pattern", value),
    option("errfile-pattern", "--errfile-pattern", value),
    option("errfile", "--errfile-pattern", value),
    option("merge", "--merge", nothing),
    option("merge-stderr-to-stdout", "--merge", nothing),
    option("raw", "--raw", nothing),
    option("sort", "--sort", nothing),
    option("stream-buffering", "--stream-buffering", value),
    option("v", "--verbose", nothing),
    option("verbose", "--verbose", nothing),
    option("debug", "--verbose", nothing),
    option("debug-daemons", "--verbose", nothing),
    option("show-progress", "--verbose", nothing),
    option("q", "--quiet", nothing),
    option("quiet", "--quiet", nothing),
    option("timing", "--timing", nothing),
    option("tune", "--tune", nothing),
    option("json", "--json", nothing),
    option("no-links", "--no-links", nothing),
    ignored("leave-session-attached", nothing, as_always),
    refused("xml", "prun writes plain lines; --label says which rank wrote each"),
    refused("xterm",
            "prun opens no windows; run `prun -n 1 xterm -e ./program : -n 3 ./program`, or "
            "tell the ranks' lines apart with --label"),
    option("print-all-exitcodes", "--print-all-exitcodes", nothing),
    option("report-pid", "--report-pid", value),
    refused("report-uri",
            "prun has no address that other programs could connect to; --report-pid "
            "tells its process id"),
    option("dry-run", "--dry-run", nothing),
    option("do-not-launch", "--dry-run", nothing),
    option("show-plan", "--show-plan", nothing),
    option("display-map", "--show-plan", nothing),
    option("display-allocation", "--show-plan", nothing),
    option("display", "--display", value),

    // When to give up.
    option("timeout", "--timeout", value),
    option("start-timeout", "--start-timeout", value),
    option("spawn-timeout", "--start-timeout", value),
    option("node-timeout", "--node-timeout", value),
    option("report-on-timeout", "--report-on-timeout", nothing),
    option("get-stack-traces", "--report-on-timeout", nothing),
    option("report-state-on-timeout", "--report-on-timeout", nothing),
    option("hang-after", "--hang-after", value),
    option("on-deadlock", "--on-deadlock", value),
    option("forward-signals", "--forward-signals", value),
    option("on-failure", "--on-failure", value),
    option("disable-auto-cleanup", "--on-failure", nothing, "continue"),
    option("enable-recovery", "--on-failure", nothing, "continue"),
    option("continuous", "--on-failure", nothing, "continue"),
    option("restart", "--restart", value),
    option("max-restarts", "--restart", value),

    // SSH and network.
    option("ssh-args", "--ssh-args", value),
    option("no-persist", "--no-persist", nothing),
    option("launcher-exec", "--launcher-exec", value),
    option("bootstrap-exec", "--launcher-exec", value),
    option("launcher", "--launcher", value),
    option("bootstrap", "--launcher", value),
    ignored("enable-x", nothing, "windows of ranks go where their DISPLAY says: -x DISPLAY=:0"),
    ignored("disable-x", nothing, as_always),
    ignored("localhost", value, "prun needs no name of this machine"),
    ignored("disable-hostname-propagation", nothing, "prun needs no name of this machine"),
    option("compress", "--compress", value),
    option("encrypt", "--encrypt", nothing),
    option("iface", "--iface", value),
    option("ports", "--ports", value),
    option("show-net", "--show-net", nothing),
    option("mca", "--mca", name_and_value),
    option("gmca", "--mca", name_and_value),
    option("prtemca", "--mca", name_and_value),
    option("pmixmca", "--mca", name_and_value),
    ignored("allow-run-as-root", nothing, as_always),

    option("user", "--user", value),

    // Defaults.
    option("config", "--config", value),
    option("no-config", "--no-config", nothing),
    option("show-config", "--show-config", nothing),

    // What stands for itself.
    option("h", "--help", nothing),
    option("help", "--help", nothing),
    option("V", "--version", nothing),
    option("version", "--version", nothing),
    option("info", "--version", nothing),

    // What only makes sense with the peers' own services.
    refused("rmk", no_scheduler),
    refused("dvm", no_scheduler),
    refused("personality",
            "leave it out: options of MPICH and Open MPI are understood side by side"),
    refused("usize", "a job has the ranks it begins with: say them with -n"),
    refused("gpus-per-proc", no_gpus),
    refused("gpu-support", no_gpus),
    refused("g", "its meaning differs between launchers; set variables with -x, ranks with -n"),
    refused("nameserver", "jobs do not find each other; put their programs into one, with a colon"),
    refused("pmi-port",
            "prun gives programs built with MPI no PMI; start those with their mpiexec"),
    refused("demux", "leave it out: prun waits with epoll"),
    refused("profile", "`prun --timing` tells how long each step takes"),
    refused("hetero-nodes", "leave it out: hosts may always differ"),
};

}  // namespace

std::span<const Spelling> spellings() {
  return table;
}

const Spelling* find_spelling(std::string_view written) {
  const auto* const found =
      std::find_if(std::begin(table), std::end(table),
                   [written](const Spelling& one) { return one.written == written; });
  return found == std::end(table) ? nullptr : found;
}

}  // namespace prun::cli
