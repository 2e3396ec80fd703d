# Docker is the machine's: a job cannot start one. Podman stands in for it where it works.
travis_start_docker() {
  if hash docker 2>/dev/null && travis_docker_answers docker; then
    travis_cmd 'docker version' --echo
  elif hash podman 2>/dev/null && travis_docker_answers podman; then
    travis_notice 'Docker is played by Podman on this worker.'
    if ! hash docker 2>/dev/null; then
      mkdir -p "$HOME/.travis/bin"
      builtin printf '#!/bin/sh\nexec podman "$@"\n' >|"$HOME/.travis/bin/docker"
      chmod +x "$HOME/.travis/bin/docker"
      export PATH="$HOME/.travis/bin:$PATH"
    fi
    travis_cmd 'podman --version' --echo
  elif hash docker 2>/dev/null; then
    travis_stop 'Docker is installed here, but no daemon answers this job (services).' 'It needs a worker whose jobs may reach Docker or run Podman.'
  else
    travis_service_missing Docker 'It needs a worker whose jobs may reach Docker or run Podman.'
  fi
}

travis_docker_answers() {
  local -a travis_limit=()
  if hash timeout 2>/dev/null; then travis_limit=(timeout 20); fi
  "${travis_limit[@]}" "$1" info >/dev/null 2>&1
}

