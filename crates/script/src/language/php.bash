# The php of the machine's packages with the wanted version, made the one called php.
travis_find_php() {
  local candidate=''
  for candidate in "php$wanted" php; do
    if ! hash "$candidate" 2>/dev/null; then continue; fi
    have="$("$candidate" -r 'echo PHP_VERSION;' 2>/dev/null)"
    if ! travis_matches "$wanted" "$have"; then continue; fi
    if [[ "$candidate" != php ]]; then
      mkdir -p "$HOME/.local/bin"
      ln -sf "$(command -v "$candidate")" "$HOME/.local/bin/php"
      export PATH="$HOME/.local/bin:$PATH"
    fi
    return 0
  done
  return 1
}

travis_setup_language() {
  local wanted="${TRAVIS_PHP_VERSION:-}" have='' hhvm="${TRAVIS_HHVM_VERSION:-}"
  if [[ -n "$hhvm" || "$wanted" == hhvm* ]]; then
    travis_tool HHVM hhvm "${hhvm#hhvm-}" 'hhvm --version' 'HHVM'
    return
  fi
  if travis_find_php; then
    :
  elif hash phpenv 2>/dev/null && travis_do phpenv global "$wanted"; then
    export PATH="${PHPENV_ROOT:-$HOME/.phpenv}/shims:$PATH"
  elif travis_mise php "${wanted:-latest}" || travis_asdf php "${wanted:-latest}"; then
    :
  elif [[ -z "$have" ]]; then
    travis_missing "PHP${wanted:+ $wanted}" 'Install the packages php-cli and composer, or a version manager (phpenv, mise), on the worker.'
  else
    travis_runs_on 'PHP' "$wanted" "$have"
  fi
  export PATH="$PATH:$HOME/.config/composer/vendor/bin"
  travis_cmd 'php --version' --echo
  if hash composer 2>/dev/null; then travis_cmd 'composer --version' --echo; fi
}

# Composer runs unasked only where the configuration speaks of it.
travis_install_language() {
  if [[ -f composer.json && -n "${travis_composer_args:-}" ]]; then
    travis_need composer Composer 'Install the package composer on the worker.'
    travis_default_install "composer install $travis_composer_args" install.composer --retry
  fi
}

# Composer's directory of programs may be elsewhere: by the environment, by composer.json.
travis_script_language() {
  local directory='' text='' pattern='"bin-dir"[[:space:]]*:[[:space:]]*"([^"]+)"'
  if [[ -f composer.json ]]; then text="$(<composer.json)"; fi
  if [[ "$text" =~ $pattern ]]; then directory="${BASH_REMATCH[1]}"; fi
  if [[ -n "${COMPOSER_BIN_DIR:-}" && -x "$COMPOSER_BIN_DIR/phpunit" ]]; then
    travis_default_script '$COMPOSER_BIN_DIR/phpunit'
  elif [[ -n "$directory" && -x "$directory/phpunit" ]]; then
    printf -v directory '%q' "$directory"
    travis_default_script "$directory/phpunit"
  elif [[ -x vendor/bin/phpunit ]]; then
    travis_default_script 'vendor/bin/phpunit'
  else
    travis_default_script 'phpunit'
  fi
}
