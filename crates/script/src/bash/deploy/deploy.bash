# ---- functions of deployments ---------------------------------------------

# travis_deploy_skip PROVIDER REASON
travis_deploy_skip() {
  travis_notice "Skipping a deployment with the $1 provider because $2"
}

# travis_branch_is PATTERN...: whether the branch is one of them. A pattern in slashes is a regular
# expression, others match like the names of files.
travis_branch_is() {
  local travis_pattern
  for travis_pattern in "$@"; do
    travis_expand "$travis_pattern"
    travis_pattern="$travis_expanded"
    if [[ "$travis_pattern" =~ ^/(.*)/$ ]]; then
      travis_pattern="${BASH_REMATCH[1]}"
      if [[ "$TRAVIS_BRANCH" =~ $travis_pattern ]]; then return 0; fi
      continue
    fi
    # shellcheck disable=SC2254 # it is a pattern
    case "$TRAVIS_BRANCH" in
      $travis_pattern) return 0 ;;
    esac
  done
  return 1
}

travis_repo_is() {
  travis_expand "$1"
  [[ "$TRAVIS_REPO_SLUG" == "$travis_expanded" ]]
}

# A condition is the inside of `[[ ]]`, as its author wrote it.
travis_condition_holds() {
  builtin eval "[[ $1 ]]"
}

# travis_deploy_failed TEXT: the end of a deployment that failed; the job is errored.
travis_deploy_failed() {
  builtin printf '%s%s%s\n' "$ANSI_RED" "$1" "$ANSI_RESET"
  if [[ -n "$travis_open_fold" ]]; then travis_fold end "$travis_open_fold"; fi
  builtin printf '\n%sYour build has been stopped.%s\n' "$ANSI_RED" "$ANSI_RESET"
  travis_terminate 2
}

# Puts away what the build left, when the configuration asks for it.
travis_deploy_cleanup() {
  travis_notice 'Cleaning up the working tree with git stash --all, as specified in the configuration.'
  travis_cmd 'git stash --all --quiet' --echo
}

travis_deploy_restore() {
  travis_cmd 'git stash pop --quiet' --echo
}

# travis_deploy_script COMMAND SHOWN: in a shell of its own, whose directory and variables end with it.
travis_deploy_script() {
  local travis_status=0 travis_timer travis_started
  travis_time_start
  travis_timer="$TRAVIS_TIMER_ID" travis_started="$TRAVIS_TIMER_START_TIME"
  (travis_cmd "$1" --echo --display "$2") || travis_status=$?
  travis_time_finish 0 deploy "$travis_timer" "$travis_started"
  if [[ "$travis_status" -ne 0 ]]; then builtin printf 'Script failed with status %s\n' "$travis_status"; fi
  return "$travis_status"
}

