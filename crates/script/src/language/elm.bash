travis_setup_language() {
  local elm="${TRAVIS_ELM_VERSION:-}" tool='' packages=()
  travis_setup_node
  travis_need npm npm 'Install the package npm on the worker.'
  elm="${elm#elm}"
  packages=("elm${elm:+@$elm}" "elm-test${travis_elm_test:+@${travis_elm_test#elm-test}}" "elm-format${travis_elm_format:+@${travis_elm_format#elm-format}}")
  for tool in elm elm-test elm-format; do
    if ! hash "$tool" 2>/dev/null || [[ -n "$elm" ]]; then
      travis_fold start install.elm
      travis_do npm install -g "${packages[@]}"
      travis_assert $?
      travis_fold end install.elm
      break
    fi
  done
  travis_cmd 'elm --version' --echo
}

travis_install_language() {
  if [[ -f package.json ]]; then travis_default_install 'npm install' install.npm --retry; fi
}

travis_script_language() {
  travis_default_script 'elm-format --validate . && elm-test'
}
