# ---- values of the configuration ------------------------------------------

# Leaves the text in travis_expanded with `~/`, $NAME and ${NAME} replaced by their values. Nothing
# in it is run, and values are not looked at again.
travis_expand() {
  local travis_rest="$1" travis_name
  travis_expanded=''
  if [[ "$travis_rest" == \~ || "$travis_rest" == \~/* ]]; then
    travis_expanded="$HOME" travis_rest="${travis_rest:1}"
  fi
  while [[ "$travis_rest" == *\$* ]]; do
    travis_expanded+="${travis_rest%%\$*}"
    travis_rest="${travis_rest#*\$}"
    if [[ "$travis_rest" =~ ^\{([A-Za-z_][A-Za-z0-9_]*)\} || "$travis_rest" =~ ^([A-Za-z_][A-Za-z0-9_]*) ]]; then
      travis_name="${BASH_REMATCH[1]}"
      travis_rest="${travis_rest:${#BASH_REMATCH[0]}}"
      travis_expanded+="${!travis_name:-}"
    else
      travis_expanded+='$'
    fi
  done
  travis_expanded+="$travis_rest"
}

