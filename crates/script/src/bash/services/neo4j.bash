travis_start_neo4j() {
  if travis_runs_already Neo4j 7474; then return 0; fi
  travis_find neo4j /usr/share/neo4j/bin ||
    travis_service_missing Neo4j 'Install the package neo4j (of neo4j.com) on the worker.'
  travis_service_begin neo4j
  mkdir -p "$travis_service_home/conf"
  # The names of the settings differ by version; those that it does not know are passed over.
  builtin printf '%s\n' "server.directories.data=$travis_service_home/data" "server.directories.logs=$travis_service_home" \
    "dbms.directories.data=$travis_service_home/data" "dbms.directories.logs=$travis_service_home" \
    'server.config.strict_validation.enabled=false' 'dbms.security.auth_enabled=false' >|"$travis_service_home/conf/neo4j.conf"
  travis_launch env NEO4J_CONF="$travis_service_home/conf" "$travis_found" console
  travis_await Neo4j 120 travis_answers 7474
}

