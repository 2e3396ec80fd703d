# ---- functions of results -------------------------------------------------
# The worker lends TRAVIS_RESULTS_DIR and takes what lies there after the job: results.list names the
# files, result.0, result.1 and so on have their bytes. Nothing that goes wrong here fails the job.

# travis_leave KIND PATTERN...: lays files that fit into the directory; directories with all in them.
travis_leave() {
  local travis_kind="$1" travis_match travis_file travis_name
  shift
  local -a travis_matches=("$@")
  for travis_match in "${travis_matches[@]}"; do
    while IFS= read -r -d '' travis_file; do
      if [[ $travis_left -ge 500 ]]; then return 0; fi
      travis_name="${travis_file#"${TRAVIS_BUILD_DIR:-/}"/}"
      travis_name="${travis_name#./}"
      if cp -- "$travis_file" "$TRAVIS_RESULTS_DIR/result.$travis_left" 2>/dev/null; then
        builtin printf '%s %s\0' "$travis_kind" "${travis_name#/}" >>"$TRAVIS_RESULTS_DIR/results.list"
        travis_left=$((travis_left + 1))
      fi
    done < <(find "$travis_match" -maxdepth 12 -type f -size -204800k -print0 2>/dev/null)
  done
}

# travis_leave_matches KIND PATTERN: the same for one pattern of the configuration's, which may hold blanks.
travis_leave_matches() {
  local IFS=''
  # shellcheck disable=SC2086 # its wildcards are meant
  set -- "$1" $2
  travis_leave "$@"
}

# Once, when the job ends, however it ends.
travis_hand_over() {
  if [[ -n "${travis_handed_over:-}" || ! -d "${TRAVIS_RESULTS_DIR:-}" || "$BASH_SUBSHELL" -ne 0 ]]; then return 0; fi
  travis_handed_over=1
  if [[ -z "${TRAVIS_BUILD_DIR:-}" || ! -d "$TRAVIS_BUILD_DIR" ]]; then return 0; fi
  (
    trap - EXIT
    set +euxvfCa
    IFS=$' \t\n'
    builtin cd "$TRAVIS_BUILD_DIR" || builtin exit 0
    shopt -s nullglob globstar
    travis_left=0
    travis_results
  ) 2>/dev/null || :
  return 0
}
