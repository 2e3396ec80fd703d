# ---- functions for the job's own commands ---------------------------------

# travis_retry COMMAND...: up to three times.
travis_retry() {
  local travis_try travis_status=0 travis_shown
  builtin printf -v travis_shown ' %s' "$@"
  travis_shown="${travis_shown:1}"
  if [[ "${1:-}" == travis_eval ]]; then travis_shown="${TRAVIS_CMD:-}"; fi
  for travis_try in 1 2 3; do
    if [[ "$travis_try" -gt 1 ]]; then
      builtin printf '\n%sThe command "%s" failed. Retrying, %s of 3.%s\n\n' "$ANSI_RED" "$travis_shown" "$travis_try" "$ANSI_RESET" >&2
    fi
    if "$@"; then return 0; else travis_status=$?; fi
    if [[ "$travis_try" -lt 3 ]]; then sleep 1; fi
  done
  builtin printf '\n%sThe command "%s" failed 3 times.%s\n\n' "$ANSI_RED" "$travis_shown" "$ANSI_RESET" >&2
  return "$travis_status"
}

# travis_wait [MINUTES] COMMAND...: keeps the log alive while a silent command runs, for 20 minutes
# unless told; then shows what the command printed, and answers its status.
travis_wait() {
  local travis_minutes=20 travis_pid travis_jigger_pid travis_status=0 travis_log travis_shown
  if [[ "${1:-}" =~ ^[0-9]+$ ]]; then travis_minutes="$1"; shift; fi
  if [[ $# -eq 0 ]]; then
    builtin printf 'Usage: travis_wait [minutes] command...\n' >&2
    return 1
  fi
  builtin printf -v travis_shown ' %s' "$@"
  travis_shown="${travis_shown:1}"
  travis_log="$(mktemp)" || return 1
  # Said here: a command that ends at once ends the jigger before it could say it.
  builtin printf 'Still running (1 of %s): %s\n' "$travis_minutes" "$travis_shown"
  "$@" >|"$travis_log" 2>&1 </dev/null &
  travis_pid=$!
  travis_jigger "$travis_pid" "$travis_minutes" "$@" &
  travis_jigger_pid=$!
  wait "$travis_pid" 2>/dev/null || travis_status=$?
  # The jigger ends by itself when it has stopped the command.
  kill "$travis_jigger_pid" 2>/dev/null || :
  wait "$travis_jigger_pid" 2>/dev/null || :
  if [[ "$travis_status" -eq 0 ]]; then
    builtin printf '\n%sThe command "%s" exited with 0.%s\n' "$ANSI_GREEN" "$travis_shown" "$ANSI_RESET"
  else
    builtin printf '\n%sThe command "%s" exited with %s.%s\n' "$ANSI_RED" "$travis_shown" "$travis_status" "$ANSI_RESET"
  fi
  builtin printf '\n%sLog:%s\n\n' "$ANSI_GREEN" "$ANSI_RESET"
  cat "$travis_log"
  rm -f "$travis_log"
  return "$travis_status"
}

# travis_jigger PID MINUTES COMMAND...: says each minute that the process still runs, and ends it.
travis_jigger() {
  local travis_target="$1" travis_minutes="$2" travis_count travis_sleep='' travis_shown
  shift 2
  builtin printf -v travis_shown ' %s' "$@"
  travis_shown="${travis_shown:1}"
  # The pause ends with its parent, else it would hold the log open for a minute.
  trap 'kill "$travis_sleep" 2>/dev/null; builtin exit 0' TERM
  for ((travis_count = 1; travis_count <= travis_minutes; travis_count++)); do
    if ((travis_count > 1)); then
      builtin printf 'Still running (%s of %s): %s\n' "$travis_count" "$travis_minutes" "$travis_shown"
    fi
    sleep 60 >/dev/null 2>&1 &
    travis_sleep=$!
    wait "$travis_sleep"
  done
  builtin printf '\n%sTimeout (%s minutes) reached. Terminating "%s"%s\n\n' "$ANSI_RED" "$travis_minutes" "$travis_shown" "$ANSI_RESET"
  trap - TERM
  travis_kill_tree "$travis_target"
}

# A process and all that it started: a survivor would go on in the background of the job.
travis_kill_tree() {
  local travis_child
  kill -STOP "$1" 2>/dev/null || :
  if hash pgrep 2>/dev/null; then
    while read -r travis_child; do travis_kill_tree "$travis_child"; done < <(pgrep -P "$1")
  fi
  kill -KILL "$1" 2>/dev/null || :
}

# Prints the time in nanoseconds.
travis_nanoseconds() {
  local travis_now="${EPOCHREALTIME:-$(date +%s).000000}"
  travis_now="${travis_now/[.,]/}000"
  builtin printf '%s\n' "$travis_now"
}

# travis_download URL [FILE]: with up to four tries.
travis_download() {
  local travis_file="${2:-${1##*/}}"
  if hash curl 2>/dev/null; then
    curl -fsSL --connect-timeout 10 --retry 3 -o "$travis_file" -- "$1"
  elif hash wget 2>/dev/null; then
    wget -q --timeout=10 --tries=4 -O "$travis_file" -- "$1"
  else
    builtin printf 'Neither curl nor wget is installed: %s is not downloaded.\n' "$1" >&2
    return 1
  fi
}

# travis_vers2int VERSION: prints a number that orders like the version (four parts of three digits).
travis_vers2int() {
  local -a travis_parts
  local travis_index travis_part travis_number=1
  IFS=. read -r -a travis_parts <<<"${1:-}"
  for travis_index in 0 1 2 3; do
    travis_part="${travis_parts[travis_index]:-0}"
    travis_part="${travis_part%%[!0-9]*}"
    builtin printf -v travis_number '%s%03d' "$travis_number" "$((10#${travis_part:-0}))"
  done
  builtin printf '%s\n' "$travis_number"
}

# travis_bash_qsort_numeric NUMBER...: leaves them in order in the array travis_bash_qsort_numeric_ret.
travis_bash_qsort_numeric() {
  travis_bash_qsort_numeric_ret=()
  local travis_number
  if [[ $# -eq 0 ]]; then return 0; fi
  while read -r travis_number; do
    travis_bash_qsort_numeric_ret+=("$travis_number")
  done < <(builtin printf '%s\n' "$@" | sort -n)
}

# travis_as_root COMMAND...: by sudo where it is needed and asks for no password.
travis_as_root() {
  if [[ "$EUID" -eq 0 ]]; then
    "$@"
  elif travis_can_be_root; then
    sudo -n --preserve-env=DEBIAN_FRONTEND "$@"
  else
    return 126
  fi
}

travis_no_root=''
travis_can_be_root() {
  if [[ "$EUID" -eq 0 ]]; then return 0; fi
  [[ -z "$travis_no_root" ]] && hash sudo 2>/dev/null && sudo -n true 2>/dev/null
}

# Puts the program that it reads before the machine's sudo, which can do nothing here.
travis_stand_for_sudo() {
  travis_no_root=1
  install -D -m 755 /dev/stdin "$HOME/.travis/bin/sudo"
  export PATH="$HOME/.travis/bin:$PATH"
}

# Fetches apt's lists.
travis_apt_get_update() {
  if ! hash apt-get 2>/dev/null; then
    travis_notice 'This machine has no apt-get.'
    return 1
  fi
  if ! travis_can_be_root; then
    travis_notice "apt-get update needs root, which this job has not; the machine's lists are used as they are."
    return 0
  fi
  travis_retry travis_as_root apt-get update -qq -o Acquire::Retries=3 "$@"
}

# travis_remove_from_path DIRECTORY
travis_remove_from_path() {
  local travis_path=":$PATH:"
  while [[ "$travis_path" == *":$1:"* ]]; do travis_path="${travis_path//:"$1":/:}"; done
  travis_path="${travis_path#:}"
  export PATH="${travis_path%:}"
}

# The Ruby for the worker's own tools: the machine's.
travis_internal_ruby() { builtin printf 'default\n'; }

