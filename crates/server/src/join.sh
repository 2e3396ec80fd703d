#!/bin/sh
# Joins this machine to a Travis server as a worker: fetches the program travis, checks it, and
# starts it. It says what it does before it does it, and asks. Nothing happens before the last line
# of this file has arrived.
#
#   sh join.sh --token T [--service] [--yes] [--name N] [--to DIR] [-- OPTIONS OF travis worker]

set -eu

server=@SERVER@

# Name, size and SHA-256 of each program that the server has.
programs='@PROGRAMS@'

say() {
    printf '%s\n' "$*" >&2
}

fail() {
    say "join: $*"
    exit 1
}

have() {
    command -v "$1" >/dev/null 2>&1
}

usage() {
    say "usage: sh join.sh --token T [--service] [--yes] [--name N] [--to DIR] [-- OPTIONS]
  --token T    the single-use token that the server's page shows
  --service    install a service that starts with the machine
  --yes        do not ask
  --name N     the worker's name [default: the host's]
  --to DIR     where to put the program [default: /usr/local/bin for root, else ~/.local/bin]
  -- OPTIONS   passed on to: travis worker"
}

# The platform in the words of the server's file names.
platform() {
    case "$(uname -s)" in
        Linux) os=linux ;;
        Darwin) os=osx ;;
        FreeBSD) os=freebsd ;;
        *) os=$(uname -s | tr '[:upper:]' '[:lower:]') ;;
    esac
    case "$(uname -m)" in
        x86_64 | amd64) arch=amd64 ;;
        aarch64 | arm64) arch=arm64 ;;
        *) arch=$(uname -m) ;;
    esac
    printf 'travis-%s-%s' "$os" "$arch"
}

fetch() {
    if have curl; then
        curl --fail --silent --show-error --location --retry 3 --output "$2" "$1"
    elif have wget; then
        wget -q -O "$2" "$1"
    else
        fail "neither curl nor wget is here: install one of them"
    fi
}

sha256_of() {
    if have sha256sum; then
        sha256sum <"$1" | cut -d ' ' -f 1
    elif have shasum; then
        shasum -a 256 <"$1" | cut -d ' ' -f 1
    elif have sha256; then
        sha256 -q "$1"
    elif have openssl; then
        openssl dgst -sha256 -r <"$1" | cut -d ' ' -f 1
    else
        fail "nothing here computes a SHA-256: install coreutils or openssl"
    fi
}

# The terminal, since standard input may be this script.
agreed() {
    if ! (: </dev/tty) 2>/dev/null; then
        fail "there is no terminal to ask at: look at what is said above and add --yes"
    fi
    printf 'Go on? [y/N] ' >&2
    answer=''
    read -r answer </dev/tty || true
    case "$answer" in
        y | Y | yes | Yes | j | J) return 0 ;;
        *) return 1 ;;
    esac
}

main() {
    token='' name='' dir='' yes='' service=''
    while [ $# -gt 0 ]; do
        case "$1" in
            --token | --name | --to)
                [ $# -ge 2 ] || fail "$1 needs a value"
                case "$1" in
                    --token) token=$2 ;;
                    --name) name=$2 ;;
                    --to) dir=$2 ;;
                esac
                shift 2
                ;;
            --token=*) token=${1#*=} && shift ;;
            --name=*) name=${1#*=} && shift ;;
            --to=*) dir=${1#*=} && shift ;;
            --yes | -y) yes=1 && shift ;;
            --service) service=1 && shift ;;
            --help | -h) usage && exit 0 ;;
            --) shift && break ;;
            *) usage && fail "$1 is no option of this script" ;;
        esac
    done
    [ -n "$token" ] || { usage && fail "say the token that the server's page shows: --token T"; }

    program=$(platform)
    line=$(printf '%s\n' "$programs" | grep "^$program " || true)
    if [ -z "$line" ]; then
        say "join: the server has no program $program. It has:"
        printf '%s\n' "$programs" | cut -d ' ' -f 1 | sed 's/^/  /' >&2
        fail "ask its operator to put $program into the directory downloads"
    fi
    size=$(printf '%s\n' "$line" | cut -d ' ' -f 2)
    wanted=$(printf '%s\n' "$line" | cut -d ' ' -f 3)

    if [ -z "$dir" ]; then
        if [ "$(id -u)" -eq 0 ]; then
            dir=/usr/local/bin
        else
            [ -n "${HOME:-}" ] || fail "HOME is not set: say where to put the program with --to DIR"
            dir=$HOME/.local/bin
        fi
    fi
    travis=$dir/travis

    # What is passed on to the program.
    set -- --server "$server" --token "$token" ${name:+--name "$name"} "$@"
    if [ -n "$service" ]; then
        set -- worker install "$@"
        start="installs a service of systemd that starts with this machine"
    else
        set -- worker "$@"
        start="starts the worker in the foreground; Ctrl-C lets it finish and leave"
    fi

    here=''
    if [ -x "$travis" ] && [ "$(sha256_of "$travis")" = "$wanted" ]; then
        here=1
    fi
    say "This lends this machine to $server:"
    if [ -n "$here" ]; then
        say "  1. $travis is there already and is the server's"
    else
        say "  1. fetches $server/download/$program ($((size / 1000000)) MB), checks its SHA-256:
     $wanted"
        say "  2. puts it to $travis"
    fi
    say "  $([ -n "$here" ] && echo 2 || echo 3). $start"
    say "Jobs run isolated and see none of your files. To undo it: $(
        [ -n "$service" ] && echo "travis worker uninstall, then "
    )remove $travis and ${XDG_DATA_HOME:-${HOME:-~}/.local/share}/travis-worker."
    if [ -z "$yes" ]; then
        agreed || fail "nothing was done"
    fi

    if [ -z "$here" ]; then
        mkdir -p "$dir"
        new=$(mktemp "$dir/.travis.XXXXXX")
        trap 'rm -f "$new"' EXIT
        trap 'exit 130' INT
        trap 'exit 143' TERM
        fetch "$server/download/$program" "$new" || fail "the program could not be fetched"
        found=$(sha256_of "$new")
        if [ "$found" != "$wanted" ]; then
            fail "the program that arrived is not the server's (SHA-256 $found): nothing was installed; try again"
        fi
        chmod 755 "$new"
        mv -f "$new" "$travis"
        trap - EXIT INT TERM
    fi
    # The rest of standard input is none of the worker's business.
    exec "$travis" "$@" </dev/null
}

main "$@"
