# ---- functions of the repository's SSH key --------------------------------

# travis_use_ssh_key KEY: git and ssh of this job use it. A host that is met for the first time is
# believed, since the machine is fresh; addons.ssh_known_hosts says which key it must have.
travis_use_ssh_key() {
  local travis_folder="$HOME/.ssh" travis_quoted
  mkdir -p "$travis_folder" && chmod 700 "$travis_folder" || return 0
  (umask 077 && builtin printf '%s\n' "$1" >"$travis_folder/travis_key") || return 0
  if [[ ! -e $travis_folder/config ]]; then
    (umask 077 && builtin printf '%s\n' 'Host *' "  IdentityFile \"$travis_folder/travis_key\"" \
      '  BatchMode yes' '  StrictHostKeyChecking accept-new' \
      "  UserKnownHostsFile \"$travis_folder/known_hosts\"" >"$travis_folder/config")
  fi
  builtin printf -v travis_quoted '%q' "$travis_folder/config"
  export GIT_SSH_COMMAND="ssh -F $travis_quoted"
  travis_notice 'The SSH key of the repository settings is in ~/.ssh/travis_key.'
}
