# Leaves in travis_lein the program that `lein:` names.
travis_find_lein() {
  travis_lein="${travis_lein:-lein}"
  if [[ "$travis_lein" == lein2 ]] && ! hash lein2 2>/dev/null; then travis_lein='lein'; fi
  travis_need "$travis_lein" Leiningen 'Install the package leiningen on the worker.'
}

travis_install_language() {
  travis_find_lein
  travis_default_install "$travis_lein deps" install.lein --retry
}

travis_script_language() {
  travis_find_lein
  travis_default_script "$travis_lein test"
}
