travis_setup_language() {
  if [[ -n "${travis_neko:-}" ]]; then
    travis_switch Neko neko "$travis_neko" 'neko -version' 'Neko (package neko)'
  fi
  travis_tool Haxe haxe "${TRAVIS_HAXE_VERSION:-}" 'haxe --version' 'Haxe (package haxe)'
  if hash haxelib 2>/dev/null; then
    mkdir -p "$HOME/haxelib"
    travis_cmd 'haxelib setup "$HOME/haxelib"' --echo
  fi
}

# The build files that `hxml:` names, else those that lie there.
travis_hxml_files() {
  travis_files=(${travis_hxml[@]+"${travis_hxml[@]}"})
  if [[ "${#travis_files[@]}" -eq 0 ]]; then travis_files=(*.hxml); fi
}

travis_install_language() {
  local travis_files=() file='' command=''
  travis_hxml_files
  for file in "${travis_files[@]}"; do
    if [[ ! -f "$file" ]]; then continue; fi
    printf -v command 'haxelib install %q --always' "$file"
    travis_default_install "$command" "install.${file//[^A-Za-z0-9._-]/_}" --retry
  done
}

travis_script_language() {
  local travis_files=() file='' command=''
  travis_hxml_files
  for file in "${travis_files[@]}"; do
    printf -v command 'haxe %q' "$file"
    travis_default_script "$command"
  done
}
