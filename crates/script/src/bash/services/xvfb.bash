travis_start_xvfb() {
  export DISPLAY=:99.0
  if [[ -S /tmp/.X11-unix/X99 ]] && (exec 3<>/tmp/.X11-unix/X99) 2>/dev/null; then return 0; fi
  hash Xvfb 2>/dev/null || travis_service_missing Xvfb 'Install the package xvfb on the worker.'
  travis_service_begin xvfb
  # Not on the abstract socket: it would be that of all jobs of the machine.
  travis_launch Xvfb :99 -screen 0 1024x768x24 -ac -nolisten local
  travis_await Xvfb 30 test -S /tmp/.X11-unix/X99
}

