# travis_r_vector WORD...: leaves in travis_vector the words as R's literals.
travis_r_vector() {
  local word=''
  travis_vector=''
  for word in "$@"; do
    word="${word//\\/\\\\}"
    travis_vector+="${travis_vector:+, }\"${word//\"/\\\"}\""
  done
  travis_vector="c($travis_vector)"
}

# travis_r CODE FOLD: runs R's code and stops the job where it fails.
travis_r() {
  local code=''
  printf -v code 'Rscript -e %q' "$1"
  travis_default_install "$code" "$2" --retry --display "Rscript -e '$1'"
}

# travis_system_packages LIST...: the system's packages, where the job may install them.
travis_system_packages() {
  if hash apt-get 2>/dev/null && hash sudo 2>/dev/null && sudo -n true 2>/dev/null; then
    travis_fold start apt_packages
    travis_do sudo apt-get install -y --no-install-recommends "$@"
    travis_assert $?
    travis_fold end apt_packages
  else
    travis_notice "Not installed by this worker: $* (apt_packages)."
  fi
}

travis_setup_language() {
  local wanted="${TRAVIS_R_VERSION:-}" place=''
  case "$wanted" in
    devel | oldrel | release) ;;
    bioc-*) wanted='' travis_bioc_required='true' ;;
  esac
  for place in "/opt/R/$wanted" "/opt/R/$wanted".*; do
    if [[ -n "$wanted" && -x "$place/bin/R" ]]; then
      export PATH="$place/bin:$PATH"
      break
    fi
  done
  export R_LIBS_USER="${R_LIBS_USER:-$HOME/R/Library}" _R_CHECK_CRAN_INCOMING_=false NOT_CRAN=true
  export CRAN="${travis_cran:-https://cloud.r-project.org}"
  mkdir -p "$R_LIBS_USER" 2>/dev/null
  printf 'options(repos = c(CRAN = Sys.getenv("CRAN")))\n' >"$HOME/.Rprofile"
  travis_tool R R "$wanted" 'R --version' 'R (package r-base-dev)'
}

travis_install_language() {
  local travis_vector=''
  if [[ -n "${travis_apt_packages[*]:-}" ]]; then travis_system_packages "${travis_apt_packages[@]}"; fi
  if [[ -n "${travis_r_binary_packages[*]:-}" ]]; then travis_system_packages "${travis_r_binary_packages[@]/#/r-cran-}"; fi
  if [[ -n "${travis_r_packages[*]:-}" ]]; then
    travis_r_vector "${travis_r_packages[@]}"
    travis_r "install.packages($travis_vector)" install.r.packages
  fi
  if [[ -n "${travis_bioc_packages[*]:-}" || "${travis_bioc_required:-}" == true ]]; then
    travis_r_vector ${travis_bioc_packages[@]+"${travis_bioc_packages[@]}"}
    travis_r "if (!requireNamespace(\"BiocManager\")) install.packages(\"BiocManager\"); BiocManager::install($travis_vector)" install.r.bioc
  fi
  if [[ -n "${travis_r_github_packages[*]:-}" ]]; then
    travis_r_vector "${travis_r_github_packages[@]}"
    travis_r "if (!requireNamespace(\"remotes\")) install.packages(\"remotes\"); remotes::install_github($travis_vector)" install.r.github
  fi
  if [[ -f DESCRIPTION ]]; then
    travis_r 'if (!requireNamespace("remotes")) install.packages("remotes"); remotes::install_deps(dependencies = TRUE)' install.r
  fi
}

travis_script_language() {
  local arguments="${travis_r_check_args---as-cran}" found=''
  if [[ "${travis_latex:-}" == false && "$arguments" != *--no-manual* ]]; then arguments+=' --no-manual'; fi
  travis_default_script "R CMD build ${travis_r_build_args:-}${travis_r_build_args:+ }."
  travis_default_script "R CMD check *.tar.gz${arguments:+ $arguments}"
  if [[ "${travis_warnings_are_errors:-true}" != false ]]; then
    found="$(grep -h 'WARNING$' ./*.Rcheck/00check.log 2>/dev/null)"
    if [[ -n "$found" ]]; then
      travis_notice 'R CMD check found warnings, which count as failures (warnings_are_errors):'
      printf '%s\n' "$found"
      TRAVIS_CMD='R CMD check'
      travis_result 1
    fi
  fi
  if [[ "${travis_r_check_revdep:-}" == true ]]; then
    travis_notice 'Packages that depend on this one are not checked by this worker (r_check_revdep).'
  fi
}
