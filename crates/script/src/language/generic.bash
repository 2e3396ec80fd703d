# What `bash --version` would say first, without a process.
travis_setup_language() {
  printf '$ bash --version\nGNU bash, version %s (%s)\n' "$BASH_VERSION" "$MACHTYPE"
}
