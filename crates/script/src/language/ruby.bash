travis_setup_language() {
  local wanted="${TRAVIS_RUBY_VERSION:-}" have='' rvm="$HOME/.rvm/scripts/rvm"
  wanted="${wanted#ruby-}"
  if hash ruby 2>/dev/null; then have="$(ruby -e 'print RUBY_VERSION' 2>/dev/null)"; fi
  if [[ ! -s "$rvm" ]]; then rvm='/usr/local/rvm/scripts/rvm'; fi
  if [[ -n "$have" ]] && travis_matches "$wanted" "$have"; then
    :
  elif [[ -s "$rvm" ]] && source "$rvm" && travis_cmd "rvm use $wanted --install --binary --fuzzy" --echo --timing; then
    :
  elif hash rbenv 2>/dev/null && travis_cmd "rbenv install -s $wanted" --echo --timing; then
    export RBENV_VERSION="$wanted"
  elif travis_mise ruby "${wanted:-latest}"; then
    :
  elif [[ -z "$have" ]]; then
    travis_missing "Ruby${wanted:+ $wanted}" 'Install the packages ruby and bundler, or a version manager (rvm, rbenv, mise), on the worker.'
  else
    travis_runs_on 'Ruby' "$wanted" "$have"
  fi
  # Gems go to the home directory: the system's place may be read-only.
  export GEM_HOME="${GEM_HOME:-$HOME/.gem/travis}"
  export PATH="$GEM_HOME/bin:$PATH"
  travis_cmd 'ruby --version' --echo
  if hash bundle 2>/dev/null; then travis_cmd 'bundle --version' --echo; fi
}
