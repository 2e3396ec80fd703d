# ---- functions of the log -------------------------------------------------

ANSI_RED=$'\033[31;1m' ANSI_GREEN=$'\033[32;1m' ANSI_YELLOW=$'\033[33;1m'
ANSI_RESET=$'\033[0m' ANSI_CLEAR=$'\033[0K'

# Leaves the time in nanoseconds in travis_now.
travis_nanoseconds() {
  if [[ -n "${EPOCHREALTIME:-}" ]]; then
    travis_now="${EPOCHREALTIME/[.,]/}000"
  else
    travis_now="$(date +%s)000000000"
  fi
}

travis_fold() {
  printf 'travis_fold:%s:%s\r%s' "${1:-}" "${2:-}" "$ANSI_CLEAR"
  if [[ "${1:-}" == start ]]; then travis_open_fold="${2:-}"; else travis_open_fold=''; fi
}

travis_time_start() {
  travis_nanoseconds
  printf -v TRAVIS_TIMER_ID '%04x%04x' "$((RANDOM * 2 + RANDOM % 2))" "$((RANDOM * 2 + RANDOM % 2))"
  TRAVIS_TIMER_START_TIME="$travis_now"
  printf 'travis_time:start:%s\r%s' "$TRAVIS_TIMER_ID" "$ANSI_CLEAR"
}

# Arguments: status to answer, event (the phase), timer id, start time.
travis_time_finish() {
  travis_nanoseconds
  local travis_id="${3:-$TRAVIS_TIMER_ID}" travis_start="${4:-$TRAVIS_TIMER_START_TIME}"
  printf 'travis_time:end:%s:start=%s,finish=%s,duration=%s,event=%s\r%s' "$travis_id" \
    "$travis_start" "$travis_now" "$((travis_now - travis_start))" "${2:-${TRAVIS_STAGE:-}}" "$ANSI_CLEAR"
  return "${1:-0}"
}

travis_notice() {
  printf '%s%s%s\n' "$ANSI_YELLOW" "$1" "$ANSI_RESET"
}

# ---- functions that run commands ------------------------------------------

# A function of its own, so that a `return` in the command ends the command only.
travis_eval() { eval "$1"; }

# travis_cmd COMMAND [--echo] [--display TEXT] [--timing] [--assert] [--retry]
travis_cmd() {
  local travis_command="$1" travis_display="$1" travis_status=0
  local travis_echo='' travis_timing='' travis_asserts='' travis_retries='' travis_timer='' travis_started=''
  shift
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --echo) travis_echo=1 ;;
      --display) travis_display="${2:-}"; shift ;;
      --timing) travis_timing=1 ;;
      --assert) travis_asserts=1 ;;
      --retry) travis_retries=1 ;;
    esac
    shift
  done
  if [[ -n "$travis_timing" ]]; then
    travis_time_start
    travis_timer="$TRAVIS_TIMER_ID" travis_started="$TRAVIS_TIMER_START_TIME"
  fi
  if [[ -n "$travis_echo" ]]; then printf '$ %s\n' "$travis_display"; fi
  TRAVIS_CMD="$travis_display"
  if [[ -n "$travis_retries" ]]; then
    travis_retry travis_eval "$travis_command"
    travis_status=$?
  else
    travis_eval "$travis_command"
    travis_status=$?
  fi
  TRAVIS_CMD="$travis_display"
  if [[ -n "$travis_timing" ]]; then
    travis_time_finish 0 "${TRAVIS_STAGE:-}" "$travis_timer" "$travis_started"
  fi
  if [[ -n "$travis_asserts" ]]; then travis_assert "$travis_status"; fi
  return "$travis_status"
}

# Ends the job as errored unless the status is 0.
travis_assert() {
  local travis_status="${1:-$?}"
  if [[ "$travis_status" -eq 0 ]]; then return 0; fi
  if [[ -n "${travis_open_fold:-}" ]]; then travis_fold end "$travis_open_fold"; fi
  printf '%sThe command "%s" failed and exited with %s during %s.%s\n\nYour build has been stopped.\n' \
    "$ANSI_RED" "${TRAVIS_CMD:-}" "$travis_status" "${TRAVIS_STAGE:-}" "$ANSI_RESET"
  travis_terminate 2
}

# Notes the outcome of a command of the script phase.
travis_result() {
  local travis_status="${1:-0}"
  if [[ "$travis_status" -eq 0 ]]; then
    TRAVIS_TEST_RESULT="${TRAVIS_TEST_RESULT:-0}"
    printf '%sThe command "%s" exited with 0.%s\n' "$ANSI_GREEN" "${TRAVIS_CMD:-}" "$ANSI_RESET"
  else
    TRAVIS_TEST_RESULT=1
    printf '%sThe command "%s" exited with %s.%s\n' "$ANSI_RED" "${TRAVIS_CMD:-}" "$travis_status" "$ANSI_RESET"
  fi
  export TRAVIS_TEST_RESULT
}

travis_terminate() {
  set +e
  exit "${1:-0}"
}

travis_footer() {
  TRAVIS_TEST_RESULT="${TRAVIS_TEST_RESULT:-86}"
  printf '\nDone. Your build exited with %s.\n' "$TRAVIS_TEST_RESULT"
  travis_terminate "$TRAVIS_TEST_RESULT"
}

travis_retry() {
  local travis_try travis_status=0 travis_shown="$*"
  if [[ "${1:-}" == travis_eval ]]; then travis_shown="${2:-}"; fi
  for travis_try in 1 2 3; do
    if [[ "$travis_try" -gt 1 ]]; then
      printf '\n%sThe command "%s" failed. Retrying, %s of 3.%s\n\n' "$ANSI_RED" "$travis_shown" "$travis_try" "$ANSI_RESET" >&2
    fi
    if "$@"; then return 0; else travis_status=$?; fi
    if [[ "$travis_try" -lt 3 ]]; then sleep 1; fi
  done
  printf '\n%sThe command "%s" failed 3 times.%s\n\n' "$ANSI_RED" "$travis_shown" "$ANSI_RESET" >&2
  return "$travis_status"
}

# travis_wait [MINUTES] COMMAND...: keeps the log alive while a silent command runs.
travis_wait() {
  local travis_minutes=20 travis_pid travis_jigger_pid travis_status=0 travis_log
  if [[ "${1:-}" =~ ^[0-9]+$ ]]; then travis_minutes="$1"; shift; fi
  travis_log="$(mktemp)"
  printf 'Still running (1 of %s): %s\n' "$travis_minutes" "$*"
  "$@" >"$travis_log" 2>&1 &
  travis_pid=$!
  travis_jigger "$travis_pid" "$travis_minutes" "$@" &
  travis_jigger_pid=$!
  wait "$travis_pid" 2>/dev/null || travis_status=$?
  kill "$travis_jigger_pid" 2>/dev/null
  wait "$travis_jigger_pid" 2>/dev/null
  if [[ "$travis_status" -eq 0 ]]; then
    printf '\n%sThe command "%s" exited with 0.%s\n' "$ANSI_GREEN" "$*" "$ANSI_RESET"
  else
    printf '\n%sThe command "%s" exited with %s.%s\n' "$ANSI_RED" "$*" "$travis_status" "$ANSI_RESET"
  fi
  printf '\n%sLog:%s\n\n' "$ANSI_GREEN" "$ANSI_RESET"
  cat "$travis_log"
  rm -f "$travis_log"
  return "$travis_status"
}

travis_jigger() {
  local travis_target="$1" travis_minutes="$2" travis_count travis_sleep=''
  shift 2
  # The sleep dies with its parent, else it would hold the log open for a minute.
  trap 'kill "$travis_sleep" 2>/dev/null; exit 0' TERM
  for ((travis_count = 1; travis_count <= travis_minutes; travis_count++)); do
    if ((travis_count > 1)); then
      printf 'Still running (%s of %s): %s\n' "$travis_count" "$travis_minutes" "$*"
    fi
    sleep 60 >/dev/null 2>&1 &
    travis_sleep=$!
    wait "$travis_sleep"
  done
  printf '\n%sTimeout (%s minutes) reached. Terminating "%s"%s\n\n' "$ANSI_RED" "$travis_minutes" "$*" "$ANSI_RESET"
  kill -9 "$travis_target" 2>/dev/null
}
