# Leaves in travis_otp the machine's release: 25.2.3, or 25 where it doesn't tell more.
travis_otp_version() {
  travis_otp=''
  if ! hash erl 2>/dev/null; then return; fi
  travis_otp="$(erl -noshell -eval 'R = erlang:system_info(otp_release), F = filename:join([code:root_dir(), "releases", R, "OTP_VERSION"]), case file:read_file(F) of {ok, V} -> io:put_chars(V); _ -> io:put_chars(R) end, halt().' 2>/dev/null)"
}

# travis_otp_activate RELEASE: switches to a release that kerl installed.
travis_otp_activate() {
  local place=''
  for place in "$HOME/otp/$1" "$HOME/.kerl/$1" "/opt/otp/$1" ''; do
    if [[ -n "$place" && -s "$place/activate" ]]; then break; fi
  done
  if [[ -z "$place" ]] && hash kerl 2>/dev/null; then
    if ! place="$(kerl path "$1" 2>/dev/null)"; then
      place="$HOME/otp/$1"
      travis_do kerl build-install "$1" "$1" "$place" || return 1
    fi
  fi
  [[ -n "$place" ]] && travis_do source "$place/activate"
}

travis_setup_otp() {
  local wanted="${TRAVIS_OTP_RELEASE:-}"
  travis_otp_version
  if [[ -n "$travis_otp" ]] && travis_matches "$wanted" "$travis_otp"; then
    :
  elif [[ -n "$wanted" ]] && travis_otp_activate "$wanted"; then
    :
  elif travis_mise erlang "${wanted:-latest}" || travis_asdf erlang "${wanted:-latest}"; then
    :
  elif [[ -z "$travis_otp" ]]; then
    travis_missing "Erlang${wanted:+ $wanted}" 'Install the package erlang, or a version manager (kerl, mise), on the worker.'
  else
    travis_runs_on 'Erlang/OTP' "$wanted" "$travis_otp"
  fi
}

travis_show_otp() {
  travis_cmd 'erl -noshell -eval "io:put_chars([erlang:system_info(system_version)]), halt()."' --echo
}

# Leaves in travis_rebar the project's own rebar, or the machine's.
travis_find_rebar() {
  travis_rebar=''
  if [[ -x ./rebar3 ]]; then travis_rebar='./rebar3'
  elif [[ -x ./rebar ]]; then travis_rebar='./rebar'
  elif [[ ! -f rebar.config && ! -f Rebar.config ]]; then return
  elif hash rebar3 2>/dev/null; then travis_rebar='rebar3'
  else
    travis_need rebar rebar3 'Install the package rebar3 on the worker.'
    travis_rebar='rebar'
  fi
}

travis_install_rebar() {
  travis_find_rebar
  case "$travis_rebar" in
    *rebar) travis_default_install "$travis_rebar get-deps" install.rebar --retry ;;
  esac
}

travis_script_rebar() {
  travis_find_rebar
  case "$travis_rebar" in
    *rebar3) travis_default_script "$travis_rebar eunit" ;;
    *rebar) travis_default_script "$travis_rebar compile && $travis_rebar skip_deps=true eunit" ;;
    *) travis_default_script 'make test' ;;
  esac
}
