# Finds among the machine's Pythons the one that satisfies wanted; leaves program and have.
travis_find_python() {
  local candidate='' names=("python$wanted" python3 python)
  case "$wanted" in
    pypy*) names=("${wanted%%-*}" pypy3 pypy) ;;
    nightly) names=(python3 python) ;;
  esac
  for candidate in "${names[@]}"; do
    if ! hash "$candidate" 2>/dev/null; then continue; fi
    have="$("$candidate" --version 2>&1)" || continue
    have="${have#Python }"
    have="${have%%[[:space:]]*}"
    program="$candidate"
    if travis_matches "$version" "$have"; then return 0; fi
  done
  return 1
}

# Switches to a Python of pyenv, mise or asdf; leaves program and have.
travis_other_python() {
  local candidate=''
  if hash pyenv 2>/dev/null; then
    if candidate="$(pyenv latest "${wanted%-dev}" 2>/dev/null)"; then
      # Its own programs, not pyenv's shims, which fail after each pip where they are read-only.
      :
    elif [[ -w "${PYENV_ROOT:-$HOME/.pyenv}" ]] && travis_do pyenv install -s "$wanted"; then
      candidate="$wanted"
    fi
    if [[ -n "$candidate" ]]; then
      export PYENV_VERSION="$candidate"
      PATH="$(pyenv prefix "$candidate")/bin:$PATH"
      program='python' have="$candidate"
      return 0
    fi
  fi
  if travis_mise python "${wanted:-latest}" || travis_asdf python "${wanted:-latest}"; then
    program='python' have="$(python --version 2>&1)"
    have="${have#Python }"
    return 0
  fi
  return 1
}

travis_setup_language() {
  local wanted="${TRAVIS_PYTHON_VERSION:-}" version='' have='' program='' options=''
  version="${wanted%-dev}"
  case "$version" in
    pypy*-*) version="${version#*-}" version="${version#v}" ;;
    pypy | pypy3) version='' ;;
  esac
  if ! travis_find_python && ! travis_other_python; then
    if hash python3 2>/dev/null; then
      program='python3' have="$(python3 --version 2>&1)"
      have="${have#Python }"
    fi
    if [[ -z "$program" ]]; then
      travis_missing "Python${wanted:+ $wanted}" 'Install the packages python3 and python3-venv, or a version manager (pyenv, mise), on the worker.'
    fi
    travis_runs_on 'Python' "$wanted" "$have"
  fi
  if [[ "${travis_virtualenv_system_site_packages:-}" == true ]]; then options='--system-site-packages '; fi
  travis_fold start virtualenv
  if travis_cmd "$program -m venv $options\"\$HOME/virtualenv/python$have\"" --echo --timing; then
    travis_cmd "source \"\$HOME/virtualenv/python$have/bin/activate\"" --echo
    travis_fold end virtualenv
  else
    travis_fold end virtualenv
    travis_notice "This machine's Python cannot make virtual environments (package python3-venv); the job uses the system's packages and installs into its home directory."
    export PIP_USER=1 PIP_BREAK_SYSTEM_PACKAGES=1
    export PATH="$HOME/.local/bin:$PATH"
    if ! hash python 2>/dev/null; then python() { python3 "$@"; }; fi
  fi
  travis_cmd 'python --version' --echo
  travis_cmd 'python -m pip --version' --echo
}

travis_install_language() {
  local file=''
  for file in requirements.txt Requirements.txt; do
    if [[ -f "$file" ]]; then
      travis_default_install "pip install -r $file" install.pip --retry
      return
    fi
  done
  travis_notice 'Could not locate requirements.txt. Override the install: key in your .travis.yml to install dependencies.'
}

travis_script_language() {
  travis_no_script 'Please override the script: key in your .travis.yml to run tests.'
}
