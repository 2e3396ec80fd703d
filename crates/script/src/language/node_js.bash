travis_setup_language() {
  travis_setup_node
  if [[ -f yarn.lock ]] && ! hash yarn 2>/dev/null; then
    travis_fold start install.yarn.program
    travis_cmd 'npm install -g yarn' --echo --timing ||
      travis_notice 'This machine has no yarn and could not install it; npm is used instead.'
    travis_fold end install.yarn.program
  fi
  if hash yarn 2>/dev/null; then travis_cmd 'yarn --version' --echo; fi
}

travis_install_language() {
  local arguments="${travis_npm_args:+ $travis_npm_args}" npm=''
  if [[ ! -f package.json ]]; then return; fi
  if [[ -f yarn.lock ]] && hash yarn 2>/dev/null; then
    travis_default_install "yarn --frozen-lockfile$arguments" install.yarn --retry
    return
  fi
  travis_need npm npm 'Install the package npm on the worker.'
  npm="$(npm --version 2>/dev/null)"
  # `npm ci` came with 5.8.
  if [[ -f package-lock.json || -f npm-shrinkwrap.json ]] && [[ ! "$npm" =~ ^([0-4]|5\.[0-7])\. ]]; then
    travis_default_install "npm ci$arguments" install.npm --retry
  else
    travis_default_install "npm install$arguments" install.npm --retry
  fi
}

travis_script_language() {
  if [[ ! -f package.json ]]; then travis_default_script 'make test'
  elif [[ -f yarn.lock ]] && hash yarn 2>/dev/null; then travis_default_script 'yarn test'
  else travis_default_script 'npm test'
  fi
}
