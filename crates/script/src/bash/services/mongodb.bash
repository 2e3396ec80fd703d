travis_start_mongodb() {
  if travis_runs_already MongoDB 27017; then return 0; fi
  hash mongod 2>/dev/null || travis_service_missing MongoDB 'Install the package mongodb-org (of mongodb.org) on the worker.'
  travis_service_begin mongodb
  mkdir -p "$travis_service_home/data"
  travis_launch mongod --dbpath "$travis_service_home/data" --bind_ip 127.0.0.1 --port 27017
  travis_await MongoDB 60 travis_answers 27017
}

