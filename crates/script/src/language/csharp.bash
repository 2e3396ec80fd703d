travis_setup_language() {
  local mono="${TRAVIS_MONO_VERSION:-}" dotnet="${TRAVIS_DOTNET_VERSION:-}"
  if [[ "$dotnet" == none ]]; then dotnet=''; fi
  if [[ -n "$dotnet" ]]; then
    export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
    travis_tool '.NET' dotnet "$dotnet" 'dotnet --version' 'the .NET SDK'
  fi
  if [[ "$mono" == none ]]; then return; fi
  # Without a word on it Mono is wanted, but .NET builds today's solutions as well.
  if [[ -z "$mono" ]] && ! hash mono 2>/dev/null && hash dotnet 2>/dev/null; then
    travis_cmd 'dotnet --version' --echo
    return
  fi
  travis_tool Mono mono "$mono" 'mono --version' 'Mono (package mono-devel)'
}

# Leaves in travis_msbuild the program that builds solutions here.
travis_find_msbuild() {
  for travis_msbuild in msbuild xbuild dotnet; do
    if [[ "$travis_msbuild" != dotnet && "${TRAVIS_MONO_VERSION:-}" == none ]]; then continue; fi
    if hash "$travis_msbuild" 2>/dev/null; then return; fi
  done
  travis_missing 'program that builds solutions (msbuild, xbuild or dotnet)' 'Install Mono or the .NET SDK on the worker.'
}

travis_install_language() {
  local travis_msbuild
  if [[ -z "${TRAVIS_SOLUTION:-}" ]]; then return; fi
  travis_find_msbuild
  if [[ "$travis_msbuild" == dotnet ]]; then
    travis_default_install 'dotnet restore "$TRAVIS_SOLUTION"' install.nuget --retry
  elif hash nuget 2>/dev/null; then
    travis_default_install 'nuget restore "$TRAVIS_SOLUTION"' install.nuget --retry
  else
    travis_notice 'This machine has no nuget; packages are not restored.'
  fi
}

travis_script_language() {
  local travis_msbuild
  if [[ -z "${TRAVIS_SOLUTION:-}" ]]; then
    travis_no_script 'No solution or script defined, exiting'
    return
  fi
  travis_find_msbuild
  if [[ "$travis_msbuild" == dotnet ]]; then
    travis_default_script 'dotnet build --configuration Release "$TRAVIS_SOLUTION"'
  else
    travis_default_script "$travis_msbuild"' /p:Configuration=Release "$TRAVIS_SOLUTION"'
  fi
}
