# bash completion for prun. Made from the option table by prun_manual; see docs/testing.md.
_prun() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} word i end first=1 own=
  case ${COMP_WORDS[1]} in
    doctor|keys) first=2 ;;
    hosts) first=2 own=--close ;;
    cache) first=2 own=--clear ;;
  esac
  ((COMP_CWORD > 1)) || first=1
  # Behind the program's name its own completion takes over.
  for ((i = first; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    case $word in
      :) ;;
      -n|--n|-np|--np|-c|--c|-N|--N|-ppn|--ppn|-npernode|--npernode|-min-hosts|--min-hosts|-wait-hosts|--wait-hosts|-restart|--restart|-max-restarts|--max-restarts|-timeout|--timeout|-hang-after|--hang-after|-start-timeout|--start-timeout|-spawn-timeout|--spawn-timeout|-node-timeout|--node-timeout|-ppr|--ppr|-x|--x|-env|--env|-set-env|--set-env|-genv|--genv|-envlist|--envlist|-genvlist|--genvlist|-unset-env|--unset-env|-map|--map|-prepend-pattern|--prepend-pattern|-output-from|--output-from|-forward-signals|--forward-signals|-ssh-args|--ssh-args|-iface|--iface|-ports|--ports|-mca|--mca|-gmca|--gmca|-prtemca|--prtemca|-pmixmca|--pmixmca|-user|--user|-H|--H|-host|--host|-hosts|--hosts|-hostlist|--hostlist|-machine|--machine|-machines|--machines|-machinelist|--machinelist|-f|--f|-hostfile|--hostfile|-machinefile|--machinefile|-default-hostfile|--default-hostfile|-app|--app|-configfile|--configfile|-stage|--stage|-preload-files|--preload-files|-outfile-pattern|--outfile-pattern|-outfile|--outfile|-errfile-pattern|--errfile-pattern|-errfile|--errfile|-report-pid|--report-pid|-config|--config|-wdir|--wdir|-wd|--wd|-path|--path|-output-dir|--output-dir|-output-filename|--output-filename|-launcher-exec|--launcher-exec|-bootstrap-exec|--bootstrap-exec|-map-by|--map-by|-rank-by|--rank-by|-bind-to|--bind-to|-binding|--binding|-stdin|--stdin|-output|--output|-stream-buffering|--stream-buffering|-display|--display|-on-failure|--on-failure|-on-deadlock|--on-deadlock|-launcher|--launcher|-bootstrap|--bootstrap|-compress|--compress) ((++i)) ;;
      -*) ;;
      *)
        # A colon behind it begins the next program.
        for ((end = i; end < COMP_CWORD; ++end)); do
          [[ ${COMP_WORDS[end]} == : ]] && { i=$end; continue 2; }
        done
        if declare -F _command_offset >/dev/null; then
          _command_offset "$i"
        else
          COMPREPLY=($(compgen -f -- "$current"))
        fi
        return ;;
    esac
  done
  case $previous in
    -map-by|--map-by) COMPREPLY=($(compgen -W 'slot node ppr:1:node' -- "$current")); return ;;
    -rank-by|--rank-by) COMPREPLY=($(compgen -W 'slot node' -- "$current")); return ;;
    -bind-to|--bind-to|-binding|--binding) COMPREPLY=($(compgen -W 'none core' -- "$current")); return ;;
    -stdin|--stdin) COMPREPLY=($(compgen -W '0 all none' -- "$current")); return ;;
    -output|--output) COMPREPLY=($(compgen -W 'tag timestamp merge raw dir= file=' -- "$current")); return ;;
    -stream-buffering|--stream-buffering) COMPREPLY=($(compgen -W '0 1 2' -- "$current")); return ;;
    -display|--display) COMPREPLY=($(compgen -W 'map allocation' -- "$current")); return ;;
    -on-failure|--on-failure) COMPREPLY=($(compgen -W 'end continue' -- "$current")); return ;;
    -on-deadlock|--on-deadlock) COMPREPLY=($(compgen -W 'end report ignore' -- "$current")); return ;;
    -launcher|--launcher|-bootstrap|--bootstrap) COMPREPLY=($(compgen -W 'ssh' -- "$current")); return ;;
    -compress|--compress) COMPREPLY=($(compgen -W 'auto off lz4' -- "$current")); return ;;
    -H|--H|-host|--host|-hosts|--hosts|-hostlist|--hostlist|-machine|--machine|-machines|--machines|-machinelist|--machinelist) COMPREPLY=($(compgen -A hostname -- "$current")); return ;;
    -f|--f|-hostfile|--hostfile|-machinefile|--machinefile|-default-hostfile|--default-hostfile|-app|--app|-configfile|--configfile|-stage|--stage|-preload-files|--preload-files|-outfile-pattern|--outfile-pattern|-outfile|--outfile|-errfile-pattern|--errfile-pattern|-errfile|--errfile|-report-pid|--report-pid|-config|--config) COMPREPLY=($(compgen -f -- "$current")); return ;;
    -wdir|--wdir|-wd|--wd|-path|--path|-output-dir|--output-dir|-output-filename|--output-filename) COMPREPLY=($(compgen -d -- "$current")); return ;;
    -launcher-exec|--launcher-exec|-bootstrap-exec|--bootstrap-exec) COMPREPLY=($(compgen -c -- "$current")); return ;;
    -n|--n|-np|--np|-c|--c|-N|--N|-ppn|--ppn|-npernode|--npernode|-min-hosts|--min-hosts|-wait-hosts|--wait-hosts|-restart|--restart|-max-restarts|--max-restarts|-timeout|--timeout|-hang-after|--hang-after|-start-timeout|--start-timeout|-spawn-timeout|--spawn-timeout|-node-timeout|--node-timeout|-ppr|--ppr|-x|--x|-env|--env|-set-env|--set-env|-genv|--genv|-envlist|--envlist|-genvlist|--genvlist|-unset-env|--unset-env|-map|--map|-prepend-pattern|--prepend-pattern|-output-from|--output-from|-forward-signals|--forward-signals|-ssh-args|--ssh-args|-iface|--iface|-ports|--ports|-mca|--mca|-gmca|--gmca|-prtemca|--prtemca|-pmixmca|--pmixmca|-user|--user) return ;;
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W '-n --np -c -N --ppn --npernode --pernode --ppr -H --host --hosts --hostlist --machine --machines --machinelist -f --hostfile --machinefile --default-hostfile --app --configfile --map-by --map --bynode --byslot --rank-by --nolocal --skip-launch-node --oversubscribe --nooversubscribe --bind-to --binding --bind-to-core --bind-to-none --min-hosts --skip-dead --wait-hosts -x --env --set-env --genv --envlist --genvlist --envall --envnone --genvall --genvnone --unset-env --wdir --wd --path --stage --preload-files --preload-binary -s --stdin --tty -l --label --prepend-rank --tag-output --prepend-pattern --timestamp-output --timestamp --output --output-from --output-dir --output-filename --outfile-pattern --outfile --errfile-pattern --errfile --merge --merge-stderr-to-stdout --raw --sort --stream-buffering -v --verbose --debug --debug-daemons --show-progress -q --quiet --timing --tune --json --no-links --print-all-exitcodes --report-pid --dry-run --do-not-launch --show-plan --display-map --display-allocation --display --timeout --start-timeout --spawn-timeout --node-timeout --report-on-timeout --get-stack-traces --report-state-on-timeout --hang-after --on-deadlock --forward-signals --on-failure --disable-auto-cleanup --enable-recovery --continuous --restart --max-restarts --ssh-args --no-persist --launcher-exec --bootstrap-exec --launcher --bootstrap --compress --encrypt --iface --ports --show-net --mca --gmca --prtemca --pmixmca --user --config --no-config --show-config -h --help -V --version --info' -- "$current") $(compgen -W "$own" -- "$current"))
  elif ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W 'doctor keys hosts cache' -- "$current") $(compgen -c -- "$current") $(compgen -f -- "$current"))
  else
    COMPREPLY=($(compgen -c -- "$current") $(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _prun prun
