travis_setup_language() {
  local manager='' wanted="${TRAVIS_PERL6_VERSION:-}"
  if [[ "$wanted" == latest ]]; then wanted=''; fi
  # The language's own name, today.
  if ! hash perl6 2>/dev/null && hash raku 2>/dev/null; then perl6() { raku "$@"; }; fi
  if [[ -n "$wanted" ]]; then
    for manager in rakubrew rakudobrew; do
      if hash "$manager" 2>/dev/null && travis_do "$manager" build moar "$wanted" && travis_do "$manager" switch "moar-$wanted"; then
        export PATH="$HOME/.$manager/shims:$HOME/.$manager/bin:$PATH"
        travis_cmd 'perl6 --version' --echo
        return
      fi
    done
  fi
  travis_tool 'Perl 6' perl6 "$wanted" 'perl6 --version' 'Rakudo (package rakudo)'
}

travis_script_language() {
  if hash perl6 2>/dev/null; then
    travis_default_script 'PERL6LIB=lib prove --ext .t --ext .t6 -v -r --exec=perl6 t/'
  else
    travis_default_script 'PERL6LIB=lib prove --ext .t --ext .t6 -v -r --exec=raku t/'
  fi
}
