travis_setup_language() {
  local wanted="${TRAVIS_RUBY_VERSION:-}" have='' rvm=''
  if [[ -z "$wanted" || "$wanted" == default ]] && [[ -f .ruby-version ]]; then read -r wanted <.ruby-version; fi
  wanted="${wanted#ruby-}"
  if [[ -n "${TRAVIS_JDK_VERSION:-}" ]]; then travis_setup_jdk; fi
  if hash ruby 2>/dev/null; then have="$(ruby -e 'print RUBY_VERSION' 2>/dev/null)"; fi
  for rvm in "$HOME/.rvm" /usr/local/rvm /usr/share/rvm ''; do
    if [[ -n "$rvm" && -s "$rvm/scripts/rvm" ]]; then break; fi
  done
  if [[ -n "$have" ]] && travis_matches "$wanted" "$have"; then
    :
  elif [[ -n "$rvm" ]] && source "$rvm/scripts/rvm" && travis_do rvm use "$wanted" --install --binary --fuzzy; then
    :
  elif travis_by_prefix rbenv RBENV_VERSION "$wanted"; then
    :
  elif travis_mise ruby "${wanted:-latest}" || travis_asdf ruby "${wanted:-latest}"; then
    :
  elif [[ -z "$have" ]]; then
    travis_missing "Ruby${wanted:+ $wanted}" 'Install the packages ruby and bundler, or a version manager (rvm, rbenv, mise), on the worker.'
  else
    travis_runs_on 'Ruby' "$wanted" "$have"
  fi
  # Gems go to the home directory: the system's place may be read-only.
  export GEM_HOME="${GEM_HOME:-$HOME/.gem/travis}"
  export PATH="$GEM_HOME/bin:$PATH"
  travis_gemfile
  travis_cmd 'ruby --version' --echo
  if hash gem 2>/dev/null; then travis_cmd 'gem --version' --echo; fi
  if hash bundle 2>/dev/null; then travis_cmd 'bundle --version' --echo; fi
}

# The job's gemfile, which need not lie beside the code.
travis_gemfile() {
  if [[ -n "${TRAVIS_GEMFILE:-}" ]]; then export BUNDLE_GEMFILE="$PWD/$TRAVIS_GEMFILE"; fi
  [[ -f "${BUNDLE_GEMFILE:-Gemfile}" ]]
}

travis_install_language() {
  travis_gemfile || return 0
  travis_need bundle Bundler 'Install the package bundler on the worker.'
  if [[ -n "${travis_bundler_args:-}" ]]; then
    travis_default_install "bundle install $travis_bundler_args" install.bundler --retry
    return
  fi
  if [[ -f "${BUNDLE_GEMFILE:-Gemfile}.lock" ]]; then
    # What --deployment did, which newer versions refuse as an option.
    export BUNDLE_DEPLOYMENT=true BUNDLE_PATH="${BUNDLE_PATH:-vendor/bundle}"
  fi
  travis_default_install 'bundle install --jobs=3 --retry=3' install.bundler --retry
}

travis_script_language() {
  if travis_gemfile; then travis_default_script 'bundle exec rake'; else travis_default_script 'rake'; fi
}
