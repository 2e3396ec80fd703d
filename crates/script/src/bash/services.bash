# ---- functions of the services --------------------------------------------
# Services run as the job's user, with their data below ~/.travis/services, and end with the job.

travis_services=() travis_ports=''

travis_stop_services() {
  local travis_round
  kill "${travis_services[@]}" 2>/dev/null || :
  # The next job may want their ports: they get two seconds to end by themselves.
  for ((travis_round = 0; travis_round < 40; travis_round++)); do
    if ! kill -0 "${travis_services[@]}" 2>/dev/null; then return 0; fi
    sleep 0.05
  done
  kill -KILL "${travis_services[@]}" 2>/dev/null || :
}

# travis_service_begin NAME: makes its directory and leaves it in travis_service_home.
travis_service_begin() {
  travis_service_home="$HOME/.travis/services/$1"
  mkdir -p "$travis_service_home" || travis_stop "There is no place for the data of $1."
}

# travis_service_missing NAME REMEDY
travis_service_missing() {
  travis_stop "This machine has no $1, which the job asks for (services)." "$2"
}

# travis_answers PORT: whether something listens.
travis_answers() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Where ports are the machine's (the sandbox says when they are the job's own), one job at a time has servers on it; the others wait here. The lock is
# on a file that all jobs see, and goes when the job's processes have ended.
travis_take_ports() {
  local travis_minutes=0
  if [[ -n "$travis_ports" || -n "${TRAVIS_OWN_NETWORK:-}" ]] || ! hash flock 2>/dev/null; then return 0; fi
  exec {travis_ports}<"$(type -P flock)"
  if flock -n "$travis_ports"; then return 0; fi
  travis_notice 'Another job on this machine has servers on the same ports; this one waits for its end.'
  until flock -w 60 "$travis_ports"; do
    ((travis_minutes += 1))
    builtin printf 'Still waiting (%s min).\n' "$travis_minutes"
  done
}

# travis_runs_already NAME PORT: a service of the machine is taken as it is, and so is one that the
# worker started beside this job.
travis_runs_already() {
  if [[ ",${TRAVIS_SERVICES_READY:-}," == *",${1,,},"* ]]; then
    builtin printf '%s is ready.\n' "$1"
    return 0
  fi
  travis_take_ports
  travis_answers "$2" || return 1
  builtin printf '%s runs already on port %s.\n' "$1" "$2"
}

# travis_find PROGRAM DIRECTORY...: leaves its path in travis_found.
travis_find() {
  local travis_directory
  if travis_found="$(type -P "$1")"; then return 0; fi
  for travis_directory in "${@:2}"; do
    if [[ -x "$travis_directory/$1" ]]; then
      travis_found="$travis_directory/$1"
      return 0
    fi
  done
  return 1
}

# travis_socket_place DIRECTORY: whether sockets can be where clients look for them by themselves. The
# sandbox's own /run is the job's; the machine's is not added to.
travis_socket_place() {
  if [[ "$EUID" -ne 0 ]]; then mkdir -p "$1" 2>/dev/null; fi
  [[ -w "$1" ]]
}

# travis_launch COMMAND...: in the background; what it prints goes to the service's log.
travis_launch() {
  "$@" >|"$travis_service_home/log" 2>&1 </dev/null &
  travis_service_pid=$!
  travis_services+=("$travis_service_pid")
}

# travis_await NAME SECONDS PROBE...: until the probe succeeds; the job ends when it does not.
travis_await() {
  local travis_name="$1" travis_until=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS >= travis_until)) || ! kill -0 "$travis_service_pid" 2>/dev/null; then
      tail -n 20 "$travis_service_home/log" 2>/dev/null
      travis_stop "$travis_name did not start."
    fi
    sleep 0.1
  done
  builtin printf '%s is ready.\n' "$travis_name"
}

