# travis_r_text TEXT: leaves in travis_text the text as R's literal.
travis_r_text() {
  travis_text="${1//\\/\\\\}"
  travis_text="\"${travis_text//\"/\\\"}\""
}

# travis_r_vector WORD...: leaves in travis_vector the words as R's vector.
travis_r_vector() {
  local word='' travis_text=''
  travis_vector=''
  for word in "$@"; do
    travis_r_text "$word"
    travis_vector+="${travis_vector:+, }$travis_text"
  done
  travis_vector="c($travis_vector)"
}

# Writes where R looks for packages: CRAN, and what the key repos names.
travis_r_repositories() {
  local pair='' travis_text='' list='"CRAN" = Sys.getenv("CRAN")'
  for pair in "${travis_repos[@]:-}"; do
    if [[ -z "$pair" ]]; then
      continue
    elif [[ "$pair" == CRAN=* ]]; then
      export CRAN="${pair#*=}"
      continue
    fi
    travis_r_text "${pair%%=*}"
    list+=", $travis_text"
    travis_r_text "${pair#*=}"
    list+=" = $travis_text"
  done
  printf 'options(repos = c(%s))\n' "$list" >"$HOME/.Rprofile"
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
  travis_r_repositories
  travis_tool R R "$wanted" 'R --version' 'R (package r-base-dev)'
  if [[ "${travis_pandoc:-true}" != false ]]; then
    if hash pandoc 2>/dev/null; then
      travis_cmd 'pandoc --version' --echo
    else
      travis_notice 'This machine has no pandoc, which vignettes need (package pandoc); pandoc: false says that this package has none.'
    fi
  fi
}

travis_install_language() {
  local travis_vector='' travis_bioc_version=''
  if [[ "${travis_bioc_use_devel:-}" == true ]]; then travis_bioc_version=', version = "devel"'; fi
  if [[ -n "${travis_apt_packages[*]:-}" ]]; then travis_system_packages "${travis_apt_packages[@]}"; fi
  if [[ -n "${travis_r_binary_packages[*]:-}" ]]; then travis_system_packages "${travis_r_binary_packages[@]/#/r-cran-}"; fi
  if [[ "$TRAVIS_OS_NAME" == osx && -n "${travis_brew_packages[*]:-}" && "${travis_disable_homebrew:-}" != true ]]; then
    travis_fold start brew_packages
    travis_do brew install "${travis_brew_packages[@]}"
    travis_assert $?
    travis_fold end brew_packages
  fi
  if [[ -n "${travis_r_packages[*]:-}" ]]; then
    travis_r_vector "${travis_r_packages[@]}"
    travis_r "install.packages($travis_vector)" install.r.packages
  fi
  if [[ -n "${travis_bioc_packages[*]:-}" || "${travis_bioc_required:-}" == true ]]; then
    travis_r_vector ${travis_bioc_packages[@]+"${travis_bioc_packages[@]}"}
    travis_r "if (!requireNamespace(\"BiocManager\")) install.packages(\"BiocManager\"); BiocManager::install($travis_vector${travis_bioc_version})" install.r.bioc
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
  if [[ "${travis_latex:-}" != false ]] && ! hash pdflatex 2>/dev/null; then
    travis_notice 'This machine has no LaTeX (package texlive-latex-recommended); the manual is not checked.'
    travis_latex=false
  fi
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
  if [[ "${travis_bioc_check:-}" == true ]]; then
    travis_default_script "Rscript -e 'BiocCheck::BiocCheck(Sys.glob(\"*.tar.gz\")[1])'"
  fi
  if [[ "${travis_r_check_revdep:-}" == true ]]; then
    travis_notice 'Packages that depend on this one are not checked by this worker (r_check_revdep).'
  fi
}
