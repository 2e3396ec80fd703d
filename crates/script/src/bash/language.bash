# travis_matches WANTED HAVE: whether a version satisfies what was asked for.
travis_matches() {
  local travis_wanted="${1#v}" travis_have="${2#v}"
  travis_wanted="${travis_wanted%.x}"
  travis_wanted="${travis_wanted%.\*}"
  case "$travis_wanted" in
    '' | '*' | latest | stable | default | system | release) return 0 ;;
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

# travis_need PROGRAM NAME REMEDY: stops the job where a program is missing.
travis_need() {
  hash "$1" 2>/dev/null || travis_missing "$2" "$3"
}

# travis_do WORD...: runs and shows a command whose words are data, such as versions.
travis_do() {
  local travis_line
  printf -v travis_line '%q ' "$@"
  travis_cmd "${travis_line% }" --echo --timing --display "$*"
}

# travis_first_version COMMAND...: leaves in travis_found the first number with dots, else the
# first number, that the command prints.
travis_first_version() {
  local travis_output
  travis_found=''
  travis_output="$("$@" 2>&1)" || return 1
  if [[ "$travis_output" =~ [0-9]+(\.[0-9]+)+ || "$travis_output" =~ [0-9]+ ]]; then
    travis_found="${BASH_REMATCH[0]}"
  fi
}

# travis_by_prefix MANAGER VARIABLE VERSION: switches by rbenv, pyenv, goenv and their likes.
travis_by_prefix() {
  local travis_prefix
  hash "$1" 2>/dev/null || return 1
  if ! travis_prefix="$("$1" prefix "$3" 2>/dev/null)"; then
    travis_do "$1" install -s "$3" || return 1
    travis_prefix="$("$1" prefix "$3" 2>/dev/null)" || return 1
  fi
  export "$2=$3" PATH="$travis_prefix/bin:$PATH"
}

# travis_mise TOOL VERSION: switches by mise where it is installed.
travis_mise() {
  local travis_environment
  hash mise 2>/dev/null || return 1
  travis_do mise install "$1@$2" || return 1
  travis_environment="$(mise env --shell bash "$1@$2")" || return 1
  eval "$travis_environment"
}

# travis_asdf PLUGIN VERSION: switches by asdf where it is installed and knows the tool.
travis_asdf() {
  local travis_prefix
  hash asdf 2>/dev/null || return 1
  if ! travis_prefix="$(asdf where "$1" "$2" 2>/dev/null)"; then
    travis_do asdf install "$1" "$2" || return 1
    travis_prefix="$(asdf where "$1" "$2" 2>/dev/null)" || return 1
  fi
  export PATH="$travis_prefix/bin:$PATH"
}

# travis_tool NAME PROGRAM WANTED ANNOUNCE REMEDY: a tool in the machine's version where that
# satisfies the job, else by a version manager; shows the version at last.
travis_tool() {
  travis_switch "$1" "$2" "$3" "$4" "$5"
  travis_cmd "$4" --echo
}

travis_switch() {
  local travis_have=''
  if hash "$2" 2>/dev/null; then
    # The command is ours, not the job's: it splits at its spaces.
    # shellcheck disable=SC2086
    travis_first_version $4
    travis_have="${travis_found:-unknown}"
  fi
  if [[ -n "$travis_have" ]] && travis_matches "$3" "$travis_have"; then
    return 0
  elif travis_mise "$2" "${3:-latest}" || travis_asdf "$2" "${3:-latest}"; then
    return 0
  elif [[ -z "$travis_have" ]]; then
    travis_missing "$1${3:+ $3}" "Install $5, or a version manager (mise, asdf), on the worker."
  else
    travis_runs_on "$1" "$3" "$travis_have"
  fi
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

# travis_no_script TEXT: a language that has no script of its own fails.
travis_no_script() {
  printf '%s\n' "$1"
  TRAVIS_CMD='no script'
  travis_result 1
}
