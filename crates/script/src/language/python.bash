travis_setup_language() {
  local wanted="${TRAVIS_PYTHON_VERSION:-}" have='' program='' candidate='' venv='' options=''
  for candidate in "python$wanted" python3 python; do
    if ! hash "$candidate" 2>/dev/null; then continue; fi
    have="$("$candidate" --version 2>&1)" || continue
    have="${have#Python }"
    program="$candidate"
    if travis_matches "${wanted%-dev}" "$have"; then break; fi
  done
  if [[ -z "$program" ]] || ! travis_matches "${wanted%-dev}" "$have"; then
    if hash pyenv 2>/dev/null && candidate="$(pyenv latest "${wanted%-dev}" 2>/dev/null)"; then
      # Its own programs, not pyenv's shims, which fail after each pip where they are read-only.
      export PYENV_VERSION="$candidate"
      export PATH="$(pyenv prefix "$candidate")/bin:$PATH"
      program='python' have="$candidate"
    elif hash pyenv 2>/dev/null && [[ -w "${PYENV_ROOT:-$HOME/.pyenv}" ]] && travis_cmd "pyenv install -s $wanted" --echo --timing; then
      export PYENV_VERSION="$wanted"
      program='python' have="$wanted"
    elif travis_mise python "${wanted:-latest}"; then
      program='python' have="$wanted"
    elif [[ -z "$program" ]]; then
      travis_missing "Python${wanted:+ $wanted}" 'Install the packages python3 and python3-venv, or a version manager (pyenv, mise), on the worker.'
    else
      # The loop ends on the last candidate; python3 is the one to run on.
      if hash python3 2>/dev/null; then
        program='python3' have="$(python3 --version 2>&1)"
        have="${have#Python }"
      fi
      travis_runs_on 'Python' "$wanted" "$have"
    fi
  fi
  venv="$HOME/virtualenv/python$have"
  if [[ -n "${TRAVIS_SYSTEM_SITE_PACKAGES:-}" ]]; then options='--system-site-packages '; fi
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
