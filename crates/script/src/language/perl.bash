travis_setup_language() {
  local wanted="${TRAVIS_PERL_VERSION:-}" have=''
  if hash perl 2>/dev/null; then have="$(perl -e 'printf "%vd", $^V' 2>/dev/null)"; fi
  if [[ -n "$have" ]] && travis_matches "$wanted" "$have"; then
    :
  elif hash perlbrew 2>/dev/null && travis_cmd "perlbrew use $wanted" --echo; then
    :
  elif travis_mise perl "${wanted:-latest}"; then
    :
  elif [[ -z "$have" ]]; then
    travis_missing "Perl${wanted:+ $wanted}" 'Install the package perl, or a version manager (perlbrew, mise), on the worker.'
  else
    travis_runs_on 'Perl' "$wanted" "$have"
  fi
  travis_cmd 'perl --version' --echo
}
