travis_kiex() {
  local root="${KIEX_HOME:-$HOME/.kiex}"
  if [[ ! -s "$root/scripts/kiex" ]]; then return 1; fi
  source "$root/scripts/kiex"
  travis_do kiex use "$1" || { travis_do kiex install "$1" && travis_do kiex use "$1"; }
}

travis_setup_language() {
  local wanted="${TRAVIS_ELIXIR_VERSION:-}" have=''
  if [[ -n "${TRAVIS_OTP_RELEASE:-}" ]]; then travis_setup_otp; fi
  if hash elixir 2>/dev/null; then have="$(elixir --version 2>/dev/null)"; fi
  have="${have##*Elixir }"
  have="${have%% *}"
  if [[ -n "$have" ]] && travis_matches "$wanted" "$have"; then
    :
  elif [[ -n "$wanted" ]] && travis_kiex "$wanted"; then
    :
  elif travis_mise elixir "${wanted:-latest}" || travis_asdf elixir "${wanted:-latest}"; then
    :
  elif [[ -z "$have" ]]; then
    travis_missing "Elixir${wanted:+ $wanted}" 'Install the package elixir, or a version manager (kiex, mise, asdf), on the worker.'
  else
    travis_runs_on 'Elixir' "$wanted" "$have"
  fi
  travis_cmd 'elixir --version' --echo
}

travis_install_language() {
  if [[ ! -f mix.exs ]]; then travis_install_rebar; return; fi
  travis_default_install 'mix local.rebar --force' install.mix.rebar --retry
  travis_default_install 'mix local.hex --force' install.mix.hex --retry
  travis_default_install 'mix deps.get' install.mix --retry
}

travis_script_language() {
  if [[ -f mix.exs ]]; then travis_default_script 'mix test'; else travis_script_rebar; fi
}
