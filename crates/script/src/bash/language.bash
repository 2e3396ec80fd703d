# ---- functions of the language setup --------------------------------------

# travis_matches WANTED HAVE: whether a version satisfies what was asked for.
travis_matches() {
  local travis_wanted="${1#v}" travis_have="${2#v}"
  travis_wanted="${travis_wanted%.x}"
  travis_wanted="${travis_wanted%.\*}"
  case "$travis_wanted" in
    '' | '*' | latest | stable | default | system) return 0 ;;
  esac
  [[ "$travis_have" == "$travis_wanted" || "$travis_have" == "$travis_wanted".* ]]
}

# travis_runs_on NAME WANTED HAVE: says plainly which version the job gets.
travis_runs_on() {
  travis_notice "This machine has no $1 $2 and no version manager that could install it; the job runs on $1 $3."
}

# travis_missing NAME REMEDY: the job cannot run here.
travis_missing() {
  printf '%sThis machine has no %s, which the job needs.%s %s\n\nYour build has been stopped.\n' \
    "$ANSI_RED" "$1" "$ANSI_RESET" "$2"
  travis_terminate 2
}

# travis_mise TOOL VERSION: switches by mise where it is installed.
travis_mise() {
  local travis_environment
  hash mise 2>/dev/null || return 1
  travis_cmd "mise install $1@$2" --echo --timing || return 1
  travis_environment="$(mise env --shell bash "$1@$2")" || return 1
  eval "$travis_environment"
}

# travis_default_install COMMAND FOLD [OPTIONS]: a step that stops the job when it fails.
travis_default_install() {
  travis_fold start "$2"
  travis_cmd "$1" --echo --timing --assert "${@:3}"
  travis_fold end "$2"
}

travis_default_script() {
  travis_cmd "$1" --echo --timing
  travis_result $?
}
