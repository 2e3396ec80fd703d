# ---- functions of the log -------------------------------------------------
# They work whatever the job's commands did to the shell: options, traps, IFS,
# functions that have the names of builtins. Jobs hand some of them to shells of their own by
# `export -f`: those that users may call need no others.

export ANSI_RED=$'\033[31;1m' ANSI_GREEN=$'\033[32;1m' ANSI_YELLOW=$'\033[33;1m'
export ANSI_RESET=$'\033[0m' ANSI_CLEAR=$'\033[0K'
travis_open_fold='' travis_open_timer='' travis_running='' travis_options='' travis_ending='' travis_exiting=''

# travis_fold start|end NAME
travis_fold() {
  builtin printf 'travis_fold:%s:%s\r%s' "${1:-}" "${2:-}" "$ANSI_CLEAR"
  if [[ "${1:-}" == start ]]; then travis_open_fold="${2:-}"; else travis_open_fold=''; fi
}

# Times are in nanoseconds; older shells than bash 5 know seconds only.
travis_time_start() {
  local travis_now="${EPOCHREALTIME:-$(date +%s).000000}"
  travis_now="${travis_now/[.,]/}000"
  builtin printf -v TRAVIS_TIMER_ID '%04x%04x' "$((RANDOM * 2 + RANDOM % 2))" "$((RANDOM * 2 + RANDOM % 2))"
  TRAVIS_TIMER_START_TIME="$travis_now"
  builtin printf 'travis_time:start:%s\r%s' "$TRAVIS_TIMER_ID" "$ANSI_CLEAR"
}

# Arguments: status to answer, event (the phase), timer id, start time.
travis_time_finish() {
  local travis_now="${EPOCHREALTIME:-$(date +%s).000000}"
  travis_now="${travis_now/[.,]/}000"
  local travis_id="${3:-${TRAVIS_TIMER_ID:-}}" travis_start="${4:-${TRAVIS_TIMER_START_TIME:-$travis_now}}"
  builtin printf 'travis_time:end:%s:start=%s,finish=%s,duration=%s,event=%s\r%s' "$travis_id" \
    "$travis_start" "$travis_now" "$((travis_now - travis_start))" "${2:-${TRAVIS_STAGE:-}}" "$ANSI_CLEAR"
  return "${1:-0}"
}

travis_notice() {
  builtin printf '%s%s%s\n' "$ANSI_YELLOW" "$1" "$ANSI_RESET"
}

# ---- functions that run commands ------------------------------------------

# A function of its own, so that a `return` in the command ends the command only. The options
# that an earlier command set hold for this one, and not for the functions between them.
travis_eval() { builtin eval "${travis_options:+set -$travis_options$'\n'}$1"; }

# Messages of a command that holds a secret may quote it.
travis_eval_quietly() { travis_eval "$1" 2>/dev/null; }

# travis_cmd COMMAND [--echo] [--display TEXT] [--timing] [--assert] [--retry] [--secure]
travis_cmd() {
  local travis_command="$1" travis_display="$1" travis_status=0 travis_flags='' travis_outer="$travis_running"
  local travis_echo='' travis_timing='' travis_asserts='' travis_retries='' travis_secure='' travis_timer='' travis_started=''
  shift
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --echo) travis_echo=1 ;;
      --display) travis_display="${2:-}"; shift ;;
      --timing) travis_timing=1 ;;
      --assert) travis_asserts=1 ;;
      --retry) travis_retries=1 ;;
      --secure) travis_secure=1 ;;
    esac
    shift
  done
  if [[ -n "$travis_timing" ]]; then
    travis_time_start
    travis_timer="$TRAVIS_TIMER_ID" travis_started="$TRAVIS_TIMER_START_TIME"
  fi
  if [[ -n "$travis_echo" ]]; then builtin printf '$ %s\n' "$travis_display"; fi
  TRAVIS_CMD="$travis_display"
  travis_running="${travis_asserts:+assert}" travis_open_timer="$travis_timer $travis_started"
  travis_running="${travis_running:-run}"
  local -a travis_runner=(travis_eval)
  if [[ -n "$travis_retries" ]]; then
    travis_runner=(travis_retry travis_eval)
  elif [[ -n "$travis_secure" ]]; then
    travis_runner=(travis_eval_quietly)
  fi
  "${travis_runner[@]}" "$travis_command"
  # In a group, so that a job that traces its commands is not shown this.
  { travis_status=$? travis_flags=$-; set +euxvfCa; } 2>/dev/null
  travis_options="${travis_flags//[!euxvfCa]/}" travis_running="$travis_outer"
  TRAVIS_CMD="$travis_display"
  if [[ -n "$travis_timing" ]]; then
    travis_time_finish 0 "${TRAVIS_STAGE:-}" "$travis_timer" "$travis_started"
  fi
  if [[ -n "$travis_asserts" ]]; then travis_assert "$travis_status"; fi
  # Within another command its options hold on.
  if [[ -n "$travis_outer" && -n "$travis_options" ]]; then set "-$travis_options"; fi
  return "$travis_status"
}

# Ends the job as errored unless the status is 0.
travis_assert() {
  # shellcheck disable=SC2319 # called without an argument it is about the caller's last command
  local travis_status="$?"
  travis_status="${1:-$travis_status}"
  if [[ "$travis_status" -eq 0 ]]; then return 0; fi
  if [[ -n "$travis_open_fold" ]]; then travis_fold end "$travis_open_fold"; fi
  builtin printf '%sThe command "%s" failed and exited with %s during %s.%s\n\nYour build has been stopped.\n' \
    "$ANSI_RED" "${TRAVIS_CMD:-}" "$travis_status" "${TRAVIS_STAGE:-}" "$ANSI_RESET"
  travis_terminate 2
}

# Notes the outcome of a command of the script phase.
travis_result() {
  local travis_status="${1:-0}"
  if [[ "$travis_status" -eq 0 ]]; then
    TRAVIS_TEST_RESULT="${TRAVIS_TEST_RESULT:-0}"
    builtin printf '%sThe command "%s" exited with 0.%s\n' "$ANSI_GREEN" "${TRAVIS_CMD:-}" "$ANSI_RESET"
  else
    TRAVIS_TEST_RESULT=1
    builtin printf '%sThe command "%s" exited with %s.%s\n' "$ANSI_RED" "${TRAVIS_CMD:-}" "$travis_status" "$ANSI_RESET"
  fi
  export TRAVIS_TEST_RESULT
}

# travis_stop MESSAGE [REMEDY]: the job cannot go on; it ends as errored.
travis_stop() {
  if [[ -n "$travis_open_fold" ]]; then travis_fold end "$travis_open_fold"; fi
  builtin printf '%s%s%s%s\n\nYour build has been stopped.\n' "$ANSI_RED" "$1" "$ANSI_RESET" "${2:+ $2}"
  travis_terminate 2
}

travis_terminate() {
  set +e
  travis_ending=1
  # Here too, since a command may have set a trap of its own for the end.
  travis_hand_over
  if [[ -n "${travis_services:-}" && "$BASH_SUBSHELL" -eq 0 ]]; then travis_stop_services; fi
  builtin exit "${1:-0}"
}

travis_footer() {
  TRAVIS_TEST_RESULT="${TRAVIS_TEST_RESULT:-86}"
  builtin printf '\nDone. Your build exited with %s.\n' "$TRAVIS_TEST_RESULT"
  travis_terminate "$TRAVIS_TEST_RESULT"
}

# The shell ends: by an `exit` of a command, which is taken as it is, or because a command failed
# under `set -e` or `set -u`, which counts as that command's failure.
travis_on_exit() {
  local travis_status=$?
  { set +euxvfCa; } 2>/dev/null
  trap - EXIT
  travis_hand_over
  if [[ -n "${travis_services:-}" ]]; then travis_stop_services; fi
  if [[ -n "$travis_ending" || -z "$travis_running" ]]; then builtin exit "$travis_status"; fi
  if [[ "$travis_open_timer" != ' ' ]]; then
    travis_time_finish 0 "${TRAVIS_STAGE:-}" "${travis_open_timer% *}" "${travis_open_timer#* }"
  fi
  if [[ "$travis_status" -ne 0 && -z "$travis_exiting" ]]; then
    if [[ "$travis_running" == assert ]]; then travis_assert "$travis_status"; fi
    if [[ "${TRAVIS_STAGE:-}" == script ]]; then
      travis_result "$travis_status"
      travis_footer
    fi
    # What comes after the script does not change the result.
    if [[ -n "${TRAVIS_TEST_RESULT:-}" ]]; then
      if [[ -n "$travis_open_fold" ]]; then travis_fold end "$travis_open_fold"; fi
      travis_notice "A command of ${TRAVIS_STAGE:-} ended the shell with $travis_status (set -e); nothing more is run."
      travis_footer
    fi
  fi
  if [[ -n "$travis_open_fold" ]]; then travis_fold end "$travis_open_fold"; fi
  builtin exit "$travis_status"
}
trap travis_on_exit EXIT

# Tells an `exit` of a command from the end of the shell under `set -e`.
exit() {
  local travis_status=$?
  travis_exiting=1
  # The trap below may have been replaced by one of the job's own.
  travis_hand_over
  builtin exit "${1:-$travis_status}"
}

