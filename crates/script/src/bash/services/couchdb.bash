travis_start_couchdb() {
  if travis_runs_already CouchDB 5984; then return 0; fi
  travis_find couchdb /opt/couchdb/bin ||
    travis_service_missing CouchDB 'Install the package couchdb (of couchdb.apache.org) on the worker.'
  travis_service_begin couchdb
  builtin printf '%s\n' '[couchdb]' "database_dir = $travis_service_home/data" "view_index_dir = $travis_service_home/data" \
    '[chttpd]' 'bind_address = 127.0.0.1' 'port = 5984' '[log]' 'level = warning' \
    '[admins]' 'admin = travis' >|"$travis_service_home/local.ini"
  travis_launch env COUCHDB_INI_FILES="/opt/couchdb/etc/default.ini $travis_service_home/local.ini" \
    "$travis_found" -couch_ini /opt/couchdb/etc/default.ini "$travis_service_home/local.ini"
  travis_await CouchDB 60 travis_answers 5984
}

