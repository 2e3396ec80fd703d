travis_start_riak() {
  if travis_runs_already Riak 8098; then return 0; fi
  hash riak 2>/dev/null || travis_service_missing Riak 'Install Riak on the worker, and start it there.'
  travis_service_begin riak
  travis_launch riak foreground
  travis_await Riak 90 travis_answers 8098
}

