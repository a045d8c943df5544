# What ./run and ./test share: progress, logs, packages, builds. Sourced by bash, with $root set to the checkout.

logs="$root/artifacts/logs"
mkdir -p "$logs"

: "${HOME:=/root}"
export HOME
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
export DEBIAN_FRONTEND=noninteractive
# The SDK needs no ICU, and no build server may outlive the build.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
export DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 UseSharedCompilation=false

say() { local line; for line in "$@"; do printf '%s\n' "$line"; done; }

# fail REASON: the reason, plainly, and the end. Lines after the first say what to do.
fail() {
    printf '\n%s: %s\n' "$(basename "$0")" "$1" >&2
    shift
    for line in "$@"; do printf '  %s\n' "$line" >&2; done
    exit 1
}

# Process groups that run for us; ended with us.
groups=()
end_groups() {
    local group
    for group in "${groups[@]}"; do kill -TERM -- "-$group" 2>/dev/null || true; done
    groups=()
}

# beat TITLE LOG: a line every ten seconds, with the last line of the log, so that nothing looks stuck. One process, no
# children: it can be killed without leaving a sleep behind that holds our output open.
beat() {
    local silence since=$SECONDS last
    exec {silence}<> <(:)
    while true; do
        read -r -t 10 -u "$silence" || true
        last=""
        while IFS= read -r line; do [[ -z "$line" ]] || last="$line"; done < "$2"
        say "  ... $1 ($((SECONDS - since)) s) ${last:0:100}"
    done
}

# in_time SECONDS TITLE LOG COMMAND...: runs it in a process group of its own, output to the log, with a heartbeat.
in_time() {
    local limit="$1" title="$2" log="$3" status=0 pid heart
    shift 3
    mkdir -p "$(dirname "$log")"
    : > "$log"
    setsid timeout --foreground --kill-after=15 "$limit" "$@" > "$log" 2>&1 < /dev/null &
    pid=$!
    groups+=("$pid")
    beat "$title" "$log" &
    heart=$!
    wait "$pid" || status=$?
    kill "$heart" 2>/dev/null || true
    wait "$heart" 2>/dev/null || true
    # What the command left running in its group ends with it.
    kill -TERM -- "-$pid" 2>/dev/null || true
    groups=("${groups[@]/$pid/}")
    local kept=() group
    for group in "${groups[@]}"; do [[ -z "$group" ]] || kept+=("$group"); done
    groups=("${kept[@]}")
    [[ $status -ne 124 && $status -ne 137 ]] || say "stopped after $limit s" >> "$log"
    return "$status"
}

# step SECONDS TITLE COMMAND...: one line with the time it took; the end of its log when it fails, and no return.
step() {
    local since=$SECONDS
    say "- $2"
    quiet_step "$@"
    say "  $2: $((SECONDS - since)) s"
}

# quiet_step: the same, without a word when it is quick.
quiet_step() {
    local limit="$1" title="$2" since=$SECONDS log
    log="$logs/${title//[^a-zA-Z0-9]/-}.log"
    shift 2
    if ! in_time "$limit" "$title" "$log" "$@"; then
        say "  --- the end of ${log#"$root"/}:"
        tail -n 40 "$log" | sed 's/^/  | /'
        fail "$title: failed after $((SECONDS - since)) s" "the whole log: $log"
    fi
}

# again COMMAND...: for what goes over the network: three tries. Its definition is exported, for use under step.
again() {
    local try
    for try in 1 2 3; do
        "$@" && return 0
        [[ $try -eq 3 ]] || { echo "try $try of 3 failed: again in $((try * 5)) s"; sleep $((try * 5)); }
    done
    return 1
}
export -f again

need_root() {
    [[ $(id -u) -eq 0 ]] || fail "must be root: sandboxes are made of namespaces, cgroups and nftables" "sudo $0 $*"
    [[ $(uname -s) == Linux && $(uname -m) == x86_64 ]] || fail "needs Linux on x86-64; this is $(uname -s) on $(uname -m)"
}

# need_packages PACKAGE...: installs the Debian packages that are missing.
need_packages() {
    local package missing=()
    command -v apt-get > /dev/null || {
        say "  (no apt-get here: make sure that you have what these Debian packages hold: $*)"
        return 0
    }
    for package in "$@"; do
        [[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" == installed ]] || missing+=("$package")
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0
    refresh_apt
    step 900 "installing ${missing[*]}" bash -c 'again apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"' install "${missing[@]}"
}

# Once in a run is enough; "force" after a source was added.
refresh_apt() {
    [[ "${1:-}" == force || -z "${apt_is_fresh:-}" ]] || return 0
    step 300 "reading the package lists" bash -c 'again apt-get -o DPkg::Lock::Timeout=300 update'
    apt_is_fresh=1
}

need_dotnet() {
    local place
    for place in "${DOTNET_ROOT:-}" /usr/share/dotnet /usr/lib/dotnet "$HOME/.dotnet"; do
        if ! command -v dotnet > /dev/null && [[ -n "$place" && -x "$place/dotnet" ]]; then
            export DOTNET_ROOT="$place" PATH="$place:$PATH"
        fi
    done
    # The version that global.json resolves to.
    command -v dotnet > /dev/null && dotnet_version="$(cd "$root" && dotnet --version 2>/dev/null)" && return 0
    fail "the .NET 10 SDK is not installed, and Debian does not carry it" \
        "Microsoft does: https://learn.microsoft.com/dotnet/core/install/linux-debian says how to install dotnet-sdk-10.0," \
        "or, without packages, as root:" \
        "  apt-get install -y curl ca-certificates" \
        "  curl -fsSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0 --install-dir /usr/share/dotnet"
}

# stamp PATH...: one digest of all sources beneath the paths, and of what every build depends on.
stamp() {
    (
        cd "$root"
        find "$@" Directory.Build.props Directory.Build.targets Directory.Packages.props global.json build/Layers.targets build/shell.sh \
            \( -name bin -o -name obj \) -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
        echo "$dotnet_version"
    ) | sha256sum | cut -c1-64
}

# publish NAME PROJECT SOURCES...: builds a program into artifacts/NAME, unless its sources are those it was built from.
publish() {
    local name="$1" project="$2" target="$root/artifacts/$1" now
    shift 2
    now="$(stamp "$@")"
    [[ -r "$target/.stamp" && "$(< "$target/.stamp")" == "$now" ]] && return 0
    rm -rf "$target" "$target.new"
    step 600 "building $name" bash -c 'again dotnet restore "$1" && dotnet publish "$1" --no-restore -c Release -o "$2" --nologo -v minimal' \
        publish "$root/$project" "$target.new"
    echo "$now" > "$target.new/.stamp"
    mv "$target.new" "$target"
}

publish_all() {
    publish agent src/Agent src/Agent src/Protocol src/Linux
    publish bin src/Cli src/Cli src/Sdk
    publish server src/Server src/Server src/Api src/Control src/Node src/Domain src/Protocol src/Linux
    # The server looks for the agent beside itself. A new file is moved there: the old one may be running.
    if ! cmp -s "$root/artifacts/agent/atoll-agent" "$root/artifacts/server/atoll-agent"; then
        install -m 0755 "$root/artifacts/agent/atoll-agent" "$root/artifacts/server/atoll-agent.new"
        mv "$root/artifacts/server/atoll-agent.new" "$root/artifacts/server/atoll-agent"
    fi
}

# make_template NAME DATA: once.
make_template() {
    local title="making the $1 template" how=step
    # When there is one already, it most likely is of this very recipe, and this ends at once.
    ! grep -qs "\"name\": \"$1\"" "$2"/templates/tpl-*/manifest.json || how=quiet_step
    "$how" 1200 "$title" "$root/artifacts/server/atoll-server" template build "$1" --recipes "$root/templates" --data "$2"
}
