# ---- functions of the provider releases -----------------------------------

# travis_json_string TEXT: leaves it as a JSON string in travis_json.
travis_json_string() {
  local travis_text="$1" travis_code travis_char
  travis_text="${travis_text//\\/\\\\}"
  travis_text="${travis_text//\"/\\\"}"
  for travis_code in {1..31} 127; do
    builtin printf -v travis_char '%b' "\\0$((travis_code / 64))$((travis_code / 8 % 8))$((travis_code % 8))"
    if [[ "$travis_text" == *"$travis_char"* ]]; then
      builtin printf -v travis_code '\\u%04x' "$travis_code"
      travis_text="${travis_text//"$travis_char"/"$travis_code"}"
    fi
  done
  travis_json="\"$travis_text\""
}

# Reads JSON; prints a line `path<TAB>value` for each plain value, such as `assets.0.name`.
travis_json_lines() {
  awk '
    function blank() { while (at <= size && index(" \t\r\n,:", substr(text, at, 1))) at++ }
    function string(  from, out, c) {
      at++; out = ""
      while (at <= size) {
        c = substr(text, at, 1)
        if (c == "\"") { at++; return out }
        if (c == "\\") {
          c = substr(text, at + 1, 1); at += 2
          if (c == "u") { at += 4; out = out "?" }
          else if (index("nrtbf", c)) out = out " "
          else out = out c
        } else {
          match(substr(text, at, 4096), /^[^"\\]+/)
          out = out substr(text, at, RLENGTH); at += RLENGTH
        }
      }
      return out
    }
    function value(path,  c, name, count) {
      blank(); c = substr(text, at, 1)
      if (c == "{") {
        at++
        for (blank(); at <= size && substr(text, at, 1) != "}"; blank()) {
          name = string(); value(path == "" ? name : path "." name)
        }
        at++
      } else if (c == "[") {
        at++; count = 0
        for (blank(); at <= size && substr(text, at, 1) != "]"; blank()) {
          value(path == "" ? count : path "." count); count++
        }
        at++
      } else if (c == "\"") {
        print path "\t" string()
      } else if (match(substr(text, at, 64), /^[^],} \t\r\n]+/)) {
        print path "\t" substr(text, at, RLENGTH); at += RLENGTH
      } else at++
    }
    { text = text $0 "\n" }
    END { size = length(text); at = 1; value("") }'
}

# travis_json_find PATH: prints the value at the path out of the lines in travis_answer.
travis_json_find() {
  local travis_line
  while IFS= read -r travis_line; do
    if [[ "$travis_line" == "$1"$'\t'* ]]; then
      builtin printf '%s' "${travis_line#*$'\t'}"
      return 0
    fi
  done <<<"$travis_answer"
}

# travis_github METHOD URL [TYPE FILE]: leaves the status in travis_status and the answer's values in
# travis_answer. The token goes by standard input, so that no list of processes shows it.
travis_github() {
  local travis_reply
  local -a travis_body=()
  if [[ -n "${4:-}" ]]; then travis_body=(-H "Content-Type: $3" --data-binary "@$4"); fi
  travis_reply="$(
    builtin printf 'header = "Authorization: token %s"\n' "$travis_token" |
      curl -sS -K - --connect-timeout 10 --max-time 900 -g -L -X "$1" -H 'Accept: application/vnd.github+json' \
        -H 'User-Agent: travis' "${travis_body[@]}" -w '\n%{http_code}' -- "$2"
  )" || travis_reply=$'\n000'
  travis_status="${travis_reply##*$'\n'}"
  travis_answer="$(travis_json_lines <<<"${travis_reply%$'\n'*}")"
}

# travis_encode TEXT: prints it encoded for a URL.
travis_encode() {
  local LC_ALL=C travis_index travis_char travis_encoded=''
  for ((travis_index = 0; travis_index < ${#1}; travis_index++)); do
    travis_char="${1:travis_index:1}"
    if [[ "$travis_char" != [a-zA-Z0-9._~-] ]]; then
      builtin printf -v travis_char '%02X' "'$travis_char"
      travis_char="%${travis_char: -2}"
    fi
    travis_encoded+="$travis_char"
  done
  builtin printf '%s' "$travis_encoded"
}

# travis_release_files GLOB PATTERN...: leaves the files in travis_files; GLOB is true or empty.
travis_release_files() {
  local travis_glob="$1" travis_pattern travis_file
  shift
  travis_files=()
  for travis_pattern in "$@"; do
    travis_expand "$travis_pattern"
    travis_pattern="$travis_expanded"
    if [[ -f "$travis_pattern" ]]; then
      travis_files+=("$travis_pattern")
    elif [[ -n "$travis_glob" ]]; then
      while IFS= read -r travis_file; do
        if [[ -f "$travis_file" ]]; then travis_files+=("$travis_file"); fi
      done < <(shopt -s globstar && compgen -G "$travis_pattern")
    else
      travis_notice "$travis_pattern does not exist."
    fi
  done
}

# travis_release_body: the request's JSON into the file travis_request, from the options given.
travis_release_body() {
  local travis_key travis_text="{" travis_comma=''
  for travis_key in tag_name target_commitish name body; do
    if [[ -n "${travis_release[$travis_key]:-}" ]]; then
      travis_json_string "${travis_release[$travis_key]}"
      travis_text+="$travis_comma\"$travis_key\":$travis_json" travis_comma=','
    fi
  done
  for travis_key in draft prerelease; do
    if [[ -n "${travis_release[$travis_key]:-}" ]]; then
      travis_text+="$travis_comma\"$travis_key\":${travis_release[$travis_key]}" travis_comma=','
    fi
  done
  builtin printf '%s}' "$travis_text" >|"$travis_request"
}

# Fills the release of the tag: made when it is not there, changed when it is. The options are in the
# array travis_release; the files in travis_files.
travis_deploy_releases() {
  local travis_api travis_slug travis_tag travis_status='' travis_answer='' travis_request travis_id travis_upload
  local travis_file travis_name travis_asset travis_index
  hash curl awk 2>/dev/null || { builtin printf 'This machine lacks curl or awk.\n'; return 1; }
  travis_slug="${travis_release[repo]:-$TRAVIS_REPO_SLUG}"
  travis_api="${TRAVIS_GITHUB_API:-https://api.github.com}"
  travis_api="${travis_api%/}/repos/$travis_slug"
  travis_tag="${travis_release[tag_name]:-$TRAVIS_TAG}"
  if [[ ! "$travis_slug" =~ ^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$ ]]; then
    builtin printf 'Not a repository: %s\n' "$travis_slug"
    return 1
  fi
  if [[ -z "$travis_token" ]]; then
    builtin printf 'The provider releases needs a token (key token).\n'
    return 1
  fi
  travis_request="$(mktemp)" || return 1
  if [[ -z "$travis_tag" ]]; then
    # A draft needs no tag; it gets one when somebody publishes it.
    if [[ "${travis_release[draft]:-}" != true ]]; then
      builtin printf 'This build has no tag: set tag_name, or deploy on tags only (on: {tags: true}).\n'
      return 1
    fi
    travis_tag="untagged-$TRAVIS_COMMIT"
  fi
  travis_release[tag_name]="$travis_tag"
  builtin printf 'Deploying to the release %s of %s\n' "$travis_tag" "$travis_slug"

  travis_github GET "$travis_api/releases/tags/$(travis_encode "$travis_tag")"
  if [[ "$travis_status" == 404 ]]; then travis_find_draft; fi
  travis_id="$(travis_json_find id)"
  travis_release_body
  if [[ "$travis_status" == 200 && -n "$travis_id" ]]; then
    travis_github PATCH "$travis_api/releases/$travis_id" application/json "$travis_request"
  elif [[ "$travis_status" == 404 ]]; then
    travis_github POST "$travis_api/releases" application/json "$travis_request"
  fi
  rm -f "$travis_request"
  travis_id="$(travis_json_find id)" travis_upload="$(travis_json_find upload_url)"
  if [[ "$travis_status" != 20[01] || -z "$travis_id" || -z "$travis_upload" ]]; then
    builtin printf 'GitHub answered %s: %s\n' "$travis_status" "$(travis_json_find message)"
    return 1
  fi
  travis_upload="${travis_upload%%\{*}"

  travis_github GET "$travis_api/releases/$travis_id/assets?per_page=100"
  local travis_assets="$travis_answer"
  for travis_file in "${travis_files[@]}"; do
    travis_name="${travis_file##*/}"
    travis_answer="$travis_assets" travis_asset=''
    for ((travis_index = 0; ; travis_index++)); do
      if [[ -z "$(travis_json_find "$travis_index.id")" ]]; then break; fi
      if [[ "$(travis_json_find "$travis_index.name")" == "$travis_name" ]]; then
        travis_asset="$(travis_json_find "$travis_index.id")"
      fi
    done
    if [[ -n "$travis_asset" && "${travis_release[overwrite]:-}" != true ]]; then
      builtin printf '%s already exists, skipping.\n' "$travis_name"
      continue
    elif [[ -n "$travis_asset" ]]; then
      builtin printf '%s already exists, overwriting.\n' "$travis_name"
      travis_github DELETE "$travis_api/releases/assets/$travis_asset"
    fi
    travis_github POST "$travis_upload?name=$(travis_encode "$travis_name")" application/octet-stream "$travis_file"
    if [[ "$travis_status" != 201 ]]; then
      builtin printf '%s could not be uploaded: GitHub answered %s: %s\n' "$travis_name" "$travis_status" "$(travis_json_find message)"
      return 1
    fi
    builtin printf 'uploaded %s\n' "$travis_name"
  done
}

# A draft is not found by its tag: it is looked for in the list. Leaves its answer, or the 404.
travis_find_draft() {
  local travis_index travis_one
  travis_github GET "$travis_api/releases?per_page=100"
  if [[ "$travis_status" != 200 ]]; then return 0; fi
  for ((travis_index = 0; ; travis_index++)); do
    travis_one="$(travis_json_find "$travis_index.id")"
    if [[ -z "$travis_one" ]]; then break; fi
    if [[ "$(travis_json_find "$travis_index.tag_name")" == "$travis_tag" ]]; then
      travis_answer="id"$'\t'"$travis_one"
      return 0
    fi
  done
  travis_status=404 travis_answer=''
}

