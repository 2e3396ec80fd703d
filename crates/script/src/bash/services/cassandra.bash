travis_start_cassandra() {
  if travis_runs_already Cassandra 9042; then return 0; fi
  travis_find cassandra /usr/sbin /opt/cassandra/bin ||
    travis_service_missing Cassandra 'Install the package cassandra (of cassandra.apache.org) on the worker.'
  travis_service_begin cassandra
  local -a travis_root=()
  if [[ "$EUID" -eq 0 ]]; then travis_root=(-R); fi
  travis_launch env CASSANDRA_LOG_DIR="$travis_service_home" "$travis_found" -f "${travis_root[@]}" \
    -Dcassandra.storagedir="$travis_service_home/data"
  travis_await Cassandra 120 travis_answers 9042
}

