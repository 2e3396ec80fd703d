travis_start_memcached() {
  if travis_runs_already Memcached 11211; then return 0; fi
  hash memcached 2>/dev/null || travis_service_missing Memcached 'Install the package memcached on the worker.'
  travis_service_begin memcached
  local -a travis_user=()
  # It refuses to run as root without being told.
  if [[ "$EUID" -eq 0 ]]; then travis_user=(-u root); fi
  travis_launch memcached -l 127.0.0.1 -p 11211 "${travis_user[@]}"
  travis_await Memcached 30 travis_answers 11211
}

