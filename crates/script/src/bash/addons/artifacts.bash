# ---- functions of the addon artifacts -------------------------------------

# travis_hmac KEY_IN_HEX TEXT: prints the HMAC-SHA256 in hex.
travis_hmac() {
  builtin printf '%s' "$2" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$1" | sed 's/^.*= *//'
}

# travis_uri PATH: prints it encoded as a URL's path.
travis_uri() {
  local LC_ALL=C travis_index travis_char travis_encoded=''
  for ((travis_index = 0; travis_index < ${#1}; travis_index++)); do
    travis_char="${1:travis_index:1}"
    case "$travis_char" in
      [a-zA-Z0-9._~/-]) travis_encoded+="$travis_char" ;;
      *)
        builtin printf -v travis_char '%%%02X' "'$travis_char"
        travis_encoded+="%${travis_char: -2}"
        ;;
    esac
  done
  builtin printf '%s' "$travis_encoded"
}

# travis_s3_put FILE NAME: one object, signed with signature version 4.
travis_s3_put() {
  local travis_url="${travis_s3_endpoint%/}" travis_host travis_path travis_time travis_day travis_sum
  local travis_headers travis_request travis_key travis_part travis_scope travis_signed
  travis_host="${travis_url#*://}"
  travis_host="${travis_host%%/*}"
  travis_path="/$travis_s3_bucket/$(travis_uri "${2#/}")"
  travis_time="$(date -u +%Y%m%dT%H%M%SZ)"
  travis_day="${travis_time%T*}"
  travis_scope="$travis_day/$travis_s3_region/s3/aws4_request"
  travis_sum="$(openssl dgst -sha256 <"$1" | sed 's/^.*= *//')" || return 1
  travis_signed='cache-control;host;x-amz-acl;x-amz-content-sha256;x-amz-date'
  builtin printf -v travis_headers 'cache-control:%s\nhost:%s\nx-amz-acl:%s\nx-amz-content-sha256:%s\nx-amz-date:%s\n' \
    "$travis_s3_cache_control" "$travis_host" "$travis_s3_acl" "$travis_sum" "$travis_time"
  builtin printf -v travis_request 'PUT\n%s\n\n%s\n%s\n%s' "$travis_path" "$travis_headers" "$travis_signed" "$travis_sum"
  travis_request="$(builtin printf '%s' "$travis_request" | openssl dgst -sha256 | sed 's/^.*= *//')"
  travis_key="$(builtin printf 'AWS4%s' "$travis_s3_secret" | od -An -v -tx1 | tr -d ' \n')"
  for travis_part in "$travis_day" "$travis_s3_region" s3 aws4_request; do
    travis_key="$(travis_hmac "$travis_key" "$travis_part")"
  done
  travis_key="$(travis_hmac "$travis_key" "AWS4-HMAC-SHA256"$'\n'"$travis_time"$'\n'"$travis_scope"$'\n'"$travis_request")"
  curl -fsS --connect-timeout 10 --max-time 600 --retry 2 -T "$1" -o /dev/null \
    -H "Cache-Control: $travis_s3_cache_control" -H "x-amz-acl: $travis_s3_acl" \
    -H "x-amz-content-sha256: $travis_sum" -H "x-amz-date: $travis_time" -H 'Expect:' \
    -H "Authorization: AWS4-HMAC-SHA256 Credential=$travis_s3_key/$travis_scope, SignedHeaders=$travis_signed, Signature=$travis_key" \
    -- "${travis_url%%"$travis_host"*}$travis_host$travis_path"
}

# Uploads travis_artifact_paths below each of travis_artifact_targets.
travis_upload_artifacts() {
  local travis_path travis_target travis_file travis_failed=0 travis_count=0
  travis_s3_key="${travis_s3_key:-${ARTIFACTS_KEY:-${ARTIFACTS_AWS_ACCESS_KEY:-${AWS_ACCESS_KEY_ID:-}}}}"
  travis_s3_secret="${travis_s3_secret:-${ARTIFACTS_SECRET:-${ARTIFACTS_AWS_SECRET_KEY:-${AWS_SECRET_ACCESS_KEY:-}}}}"
  travis_s3_bucket="${travis_s3_bucket:-${ARTIFACTS_BUCKET:-${ARTIFACTS_S3_BUCKET:-}}}"
  travis_s3_region="${travis_s3_region:-${ARTIFACTS_REGION:-us-east-1}}"
  travis_s3_acl="${travis_s3_acl:-${ARTIFACTS_PERMISSIONS:-private}}"
  travis_s3_cache_control="${travis_s3_cache_control:-${ARTIFACTS_CACHE_CONTROL:-private}}"
  travis_s3_endpoint="${travis_s3_endpoint:-${ARTIFACTS_ENDPOINT:-https://s3.$travis_s3_region.amazonaws.com}}"
  if [[ -z "$travis_s3_key" || -z "$travis_s3_secret" || -z "$travis_s3_bucket" ]]; then
    travis_notice 'Artifacts are not uploaded: set ARTIFACTS_KEY, ARTIFACTS_SECRET and ARTIFACTS_BUCKET in the settings of the repository.'
    return 0
  fi
  if ! hash curl openssl 2>/dev/null; then
    travis_notice 'Artifacts are not uploaded: this machine lacks curl or openssl.'
    return 0
  fi
  if [[ -n "$travis_artifact_directory" ]] && ! builtin cd "$travis_artifact_directory"; then return 0; fi
  if [[ ${#travis_artifact_paths[@]} -eq 0 ]]; then
    while IFS= read -r -d '' travis_file; do travis_artifact_paths+=("$travis_file"); done < <(git ls-files -o -z 2>/dev/null)
  fi
  if [[ ${#travis_artifact_targets[@]} -eq 0 ]]; then
    travis_artifact_targets=("artifacts/$TRAVIS_BUILD_NUMBER/$TRAVIS_JOB_NUMBER")
  fi
  for travis_path in "${travis_artifact_paths[@]}"; do
    if [[ ! -e "$travis_path" ]]; then
      travis_notice "No such file: $travis_path (addons.artifacts.paths)."
      continue
    fi
    while IFS= read -r -d '' travis_file; do
      for travis_target in "${travis_artifact_targets[@]}"; do
        travis_target="${travis_target%/}/${travis_file#./}"
        travis_target="${travis_target//\/\//\/}"
        if travis_s3_put "$travis_file" "$travis_target"; then
          builtin printf 'uploaded %s to %s\n' "$travis_file" "${travis_target#/}"
          travis_count=$((travis_count + 1))
        else
          travis_failed=$((travis_failed + 1))
        fi
      done
    done < <(find "$travis_path" -type f -print0)
  done
  builtin printf 'Artifacts: %s uploaded, %s failed.\n' "$travis_count" "$travis_failed"
}

