travis_setup_language() {
  local wanted="${TRAVIS_PHP_VERSION:-}" have='' candidate=''
  for candidate in "php$wanted" php; do
    if hash "$candidate" 2>/dev/null; then
      have="$("$candidate" -r 'echo PHP_VERSION;' 2>/dev/null)"
      break
    fi
  done
  if [[ -n "$have" ]] && travis_matches "$wanted" "$have"; then
    if [[ "$candidate" != php ]]; then
      mkdir -p "$HOME/.local/bin"
      ln -sf "$(command -v "$candidate")" "$HOME/.local/bin/php"
      export PATH="$HOME/.local/bin:$PATH"
    fi
  elif hash phpenv 2>/dev/null && travis_cmd "phpenv global $wanted" --echo; then
    :
  elif travis_mise php "${wanted:-latest}"; then
    :
  elif [[ -z "$have" ]]; then
    travis_missing "PHP${wanted:+ $wanted}" 'Install the packages php-cli and composer, or a version manager (phpenv, mise), on the worker.'
  else
    travis_runs_on 'PHP' "$wanted" "$have"
  fi
  travis_cmd 'php --version' --echo
  if hash composer 2>/dev/null; then travis_cmd 'composer --version' --echo; fi
}
