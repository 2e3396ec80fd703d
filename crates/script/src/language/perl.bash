travis_perlbrew() {
  local root="${PERLBREW_ROOT:-$HOME/perl5/perlbrew}"
  if [[ -s "$root/etc/bashrc" ]]; then source "$root/etc/bashrc"; fi
  type perlbrew >/dev/null 2>&1 && travis_do perlbrew use "$1"
}

travis_setup_language() {
  local wanted="${TRAVIS_PERL_VERSION:-}" have=''
  if hash perl 2>/dev/null; then have="$(perl -e 'printf "%vd", $^V' 2>/dev/null)"; fi
  # Builds with more modules or a shared library are the same Perl.
  wanted="${wanted%-extras}"
  wanted="${wanted%-shrplib}"
  if [[ -n "$have" ]] && travis_matches "$wanted" "$have"; then
    :
  elif travis_perlbrew "${TRAVIS_PERL_VERSION:-}"; then
    :
  elif travis_by_prefix plenv PLENV_VERSION "$wanted"; then
    :
  elif travis_mise perl "${wanted:-latest}" || travis_asdf perl "${wanted:-latest}"; then
    :
  elif [[ -z "$have" ]]; then
    travis_missing "Perl${wanted:+ $wanted}" 'Install the package perl, or a version manager (perlbrew, plenv, mise), on the worker.'
  else
    travis_runs_on 'Perl' "$wanted" "$have"
  fi
  # Where the system's place is read-only cpanm installs into the home directory.
  export PERL5LIB="${PERL5LIB:+$PERL5LIB:}$HOME/perl5/lib/perl5"
  export PATH="$HOME/perl5/bin:$PATH"
  travis_cmd 'perl --version' --echo
  if hash cpanm 2>/dev/null; then travis_cmd 'cpanm --version' --echo; fi
}

travis_install_language() {
  if hash cpanm 2>/dev/null; then
    travis_default_install 'cpanm --quiet --installdeps --notest .' install.cpanm --retry
  else
    travis_notice 'This machine has no cpanm (package cpanminus); dependencies are not installed.'
  fi
}

travis_script_language() {
  if [[ -f Build.PL ]]; then travis_default_script 'perl Build.PL && ./Build && ./Build test'
  elif [[ -f Makefile.PL ]]; then travis_default_script 'perl Makefile.PL && make test'
  else travis_default_script 'make test'
  fi
}
