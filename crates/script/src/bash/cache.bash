# ---- functions of the cache -----------------------------------------------
# The worker lends TRAVIS_CACHE_DIR: it puts fetched.tgz there before the job, and keeps the
# new.tgz that it finds there after it. Nothing that goes wrong here fails the job.

# The cached directories, as paths below the home directory.
travis_cache_paths=()

# travis_cache_add PATH: relative to the working directory, below the home directory.
travis_cache_add() {
  travis_expand "$1"
  local travis_path="$travis_expanded" travis_part travis_clean=''
  if [[ "$travis_path" != /* ]]; then travis_path="$PWD/$travis_path"; fi
  travis_path+=/
  while [[ -n "$travis_path" ]]; do
    travis_part="${travis_path%%/*}" travis_path="${travis_path#*/}"
    case "$travis_part" in
      '' | .) ;;
      ..) travis_clean="${travis_clean%/*}" ;;
      *) travis_clean+="/$travis_part" ;;
    esac
  done
  if [[ "$travis_clean" != "$HOME"/?* || "$travis_clean" == *$'\n'* ]]; then
    travis_notice "Not cached: $1 is not below the home directory or the build directory."
    return 0
  fi
  builtin printf 'adding %s to cache\n' "$travis_clean"
  if [[ ! -e "$travis_clean" ]]; then
    builtin printf 'creating directory %s\n' "$travis_clean"
    mkdir -p -- "$travis_clean" || return 0
  fi
  travis_cache_paths+=("./${travis_clean#"$HOME"/}")
}

# travis_timed SECONDS COMMAND...
travis_timed() {
  if hash timeout 2>/dev/null; then timeout "$@"; else "${@:2}"; fi
}

# travis_cache_fetch SECONDS: unpacks what was found, and notes the state that changes are seen by.
travis_cache_fetch() {
  if [[ ! -d "${TRAVIS_CACHE_DIR:-}" ]]; then
    travis_notice 'This worker keeps no cache for this job.'
    return 0
  fi
  if [[ ${#travis_cache_paths[@]} -eq 0 ]]; then return 0; fi
  local travis_archive="$TRAVIS_CACHE_DIR/fetched.tgz" travis_members travis_path
  local -a travis_packed=()
  travis_cache_before="$HOME/.travis/cache"
  mkdir -p "$HOME/.travis" && rm -f "$travis_cache_before"
  if [[ ! -f "$travis_archive" ]]; then
    builtin printf 'could not download cache\n'
    return 0
  fi
  builtin printf 'found cache\n'
  if ! travis_members="$(travis_timed "$1" tar -tzf "$travis_archive" 2>/dev/null)"; then
    travis_notice 'The cache is damaged and is not used.'
    return 0
  fi
  # Only what the configuration names is taken out.
  for travis_path in "${travis_cache_paths[@]}"; do
    case $'\n'"$travis_members" in
      *$'\n'"$travis_path/"*) travis_packed+=("$travis_path/") ;;
      *$'\n'"$travis_path"$'\n'*) travis_packed+=("$travis_path") ;;
    esac
  done
  if [[ ${#travis_packed[@]} -gt 0 ]] &&
    ! travis_timed "$1" tar -C "$HOME" -xzf "$travis_archive" -- "${travis_packed[@]}"; then
    travis_notice 'The cache could not be unpacked whole.'
    return 0
  fi
  travis_cache_list >|"$travis_cache_before"
}

# Prints a line for all that the directories hold: checksums of files, links with their targets.
travis_cache_list() {
  local -a travis_sum=(cksum)
  if hash sha256sum 2>/dev/null; then travis_sum=(sha256sum); fi
  (
    builtin cd "$HOME" || builtin exit 0
    find "${travis_cache_paths[@]}" \( -type f -exec "${travis_sum[@]}" {} + \) -o \
      \( -type l -print -exec readlink {} \; \) -o -type d -print 2>/dev/null
  ) | LC_ALL=C sort
}

# travis_cache_store SECONDS: packs the directories when something in them changed.
travis_cache_store() {
  if [[ ! -d "${TRAVIS_CACHE_DIR:-}" || ${#travis_cache_paths[@]} -eq 0 ]]; then return 0; fi
  local travis_after="$HOME/.travis/cache.after" travis_line travis_count=0
  local travis_new="$TRAVIS_CACHE_DIR/new.tgz"
  builtin printf 'store build cache\n'
  mkdir -p "$HOME/.travis" && travis_cache_list >|"$travis_after"
  if [[ ! -f "$travis_cache_before" ]]; then
    : >|"$travis_cache_before"
    # Directories that the set-up made are no content.
    if ! grep -qv '^\./' "$travis_after"; then
      builtin printf 'nothing to store\n'
      return 0
    fi
  fi
  if cmp -s "$travis_cache_before" "$travis_after"; then
    builtin printf 'nothing changed, not updating cache\n'
    return 0
  fi
  builtin printf 'change(s) detected (content changed, file is created, or file is deleted):\n'
  while read -r travis_line; do
    travis_count=$((travis_count + 1))
    if [[ $travis_count -le 10 ]]; then builtin printf '%s\n' "$HOME/${travis_line#*./}"; fi
  done < <(LC_ALL=C comm -3 "$travis_cache_before" "$travis_after" | grep -o '\./.*' | LC_ALL=C sort -u)
  if [[ $travis_count -gt 10 ]]; then builtin printf '...and %s more\n' "$((travis_count - 10))"; fi
  builtin printf 'changes detected, packing new archive\n'
  if travis_timed "$1" tar -C "$HOME" -czf "$travis_new.part" -- "${travis_cache_paths[@]}"; then
    mv -f "$travis_new.part" "$travis_new"
  else
    rm -f "$travis_new.part"
    travis_notice 'The cache could not be packed; it stays as it was.'
  fi
  return 0
}

