# Finds or installs gVisor's runsc. Sourced after shell.sh.

# Older ones lack what Atoll uses. runsc counts its releases by date.
runsc_least=20240701

runsc_pinning=/etc/apt/preferences.d/atoll-runsc
runsc_source=/etc/apt/sources.list.d/atoll-runsc.sources

# runsc_date TEXT: the release's date in a version, such as 20240729 in 0.0~20240729.0-4 or release-20240729.0.
runsc_date() { [[ ! "$1" =~ 20[0-9]{6} ]] || echo "${BASH_REMATCH[0]}"; }

# What is on the PATH will do: new enough, or built by hand and so without a date.
runsc_is_good() {
    local version date
    command -v runsc > /dev/null || return 1
    version="$(timeout 20 runsc --version 2>/dev/null)" || return 1
    date="$(runsc_date "${version%%$'\n'*}")"
    [[ -z "$date" || "$date" -ge $runsc_least ]]
}

# best_runsc: the newest version among apt's sources that is new enough. Debian's own release before others of equal age.
best_runsc() {
    local release="${1:-}" version place date best="" best_date=0
    while IFS='|' read -r _ version place; do
        version="${version// /}"
        date="$(runsc_date "$version")"
        [[ -n "$date" && "$date" -ge $runsc_least ]] || continue
        if [[ "$date" -gt $best_date || ( "$date" -eq $best_date && -n "$release" && "$place" == *"$release"* ) ]]; then
            best="$version" best_date="$date"
        fi
    done < <(apt-cache madison runsc 2>/dev/null)
    echo "$best"
}

# host_mirror: where this machine gets Debian from.
host_mirror() {
    local mirror
    mirror="$(apt-get indextargets --format '$(ORIGIN)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | sed -n 's/^Debian|\(http.*[^/]\)\/\{0,1\}$/\1/p' | grep -v security | head -n 1)" || true
    echo "${mirror:-http://deb.debian.org/debian}"
}

# add_runsc_source SUITE: a source for runsc alone: nothing else is ever installed or upgraded from it.
add_runsc_source() {
    cat > "$runsc_source" << END
# Added by Atoll for runsc; $runsc_pinning keeps everything else out.
Types: deb
URIs: $(host_mirror)
Suites: $1
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
END
    cat > "$runsc_pinning" << END
Package: *
Pin: release n=$1
Pin-Priority: -10

Package: runsc
Pin: release n=$1
Pin-Priority: 100
END
}

remove_runsc_source() { rm -f "$runsc_source" "$runsc_pinning"; }

gvisor_repository=https://storage.googleapis.com/gvisor/releases
gvisor_source=/etc/apt/sources.list.d/atoll-gvisor.sources

# add_gvisor_source: gVisor's own repository, where this machine reaches it; its releases are newer than Debian's. The
# key is the one in this checkout: 6F1D F85E 3A71 C249 18E7  27D5 6FC6 D554 E32B D943, The gVisor Authors.
add_gvisor_source() {
    command -v curl > /dev/null || return 1
    curl -fsS --max-time 8 -o /dev/null "$gvisor_repository/dists/release/InRelease" 2>/dev/null || return 1
    install -m 0644 "$root/build/gvisor-archive.asc" /usr/share/keyrings/atoll-gvisor.asc
    cat > "$gvisor_source" << END
# Added by Atoll for runsc.
Types: deb
URIs: $gvisor_repository
Suites: release
Components: main
Architectures: amd64
Signed-By: /usr/share/keyrings/atoll-gvisor.asc
END
    say "- asking gVisor's own repository for runsc"
    if ! timeout 300 apt-get -o DPkg::Lock::Timeout=300 update > "$logs/runsc-gvisor.log" 2>&1 < /dev/null; then
        rm -f "$gvisor_source"
        return 1
    fi
}

runsc_by_hand=(
    "gVisor has a package repository of its own. As root, where the machine reaches it:"
    "  apt-get install -y curl gnupg ca-certificates"
    "  curl -fsSL https://gvisor.dev/archive.key | gpg --dearmor -o /usr/share/keyrings/gvisor-archive-keyring.gpg"
    "  echo 'deb [arch=amd64 signed-by=/usr/share/keyrings/gvisor-archive-keyring.gpg] https://storage.googleapis.com/gvisor/releases release main' > /etc/apt/sources.list.d/gvisor.list"
    "  apt-get update && apt-get install -y runsc"
    "Or put a runsc of $runsc_least or newer on the PATH: https://gvisor.dev/docs/user_guide/install/"
)

need_runsc() {
    local distribution="" codename="" version suite
    runsc_is_good && return 0
    if [[ -r /etc/os-release ]]; then
        distribution="$(. /etc/os-release && echo "${ID:-}")"
        codename="$(. /etc/os-release && echo "${VERSION_CODENAME:-}")"
    fi
    command -v apt-get > /dev/null || fail "runsc (gVisor) is missing or older than $runsc_least" "${runsc_by_hand[@]}"

    add_gvisor_source || say "- gVisor's own repository is out of reach: Debian's runsc it is"
    refresh_apt
    version="$(best_runsc "$codename")"
    if [[ -z "$version" && "$distribution" == debian ]]; then
        # Debian 13 has a good one. Debian 12's is of 2022: its backports have a good one, and Debian 13's runs there too.
        for suite in "$codename-backports" trixie; do
            say "- asking $suite for runsc"
            add_runsc_source "$suite"
            if timeout 300 apt-get -o DPkg::Lock::Timeout=300 update > "$logs/runsc-$suite.log" 2>&1 < /dev/null; then
                version="$(best_runsc "$codename")"
            fi
            [[ -z "$version" ]] || break
            remove_runsc_source
        done
        [[ -n "$version" ]] || timeout 300 apt-get update > "$logs/runsc-none.log" 2>&1 < /dev/null || true
    fi
    [[ -n "$version" ]] || fail "no source of packages here has a runsc (gVisor) of $runsc_least or newer" "${runsc_by_hand[@]}"
    step 600 "installing runsc $version" bash -c 'again apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "runsc=$1"' install "$version"
    runsc_is_good || fail "runsc $version was installed and does not run, or another runsc comes before it on the PATH: $(command -v runsc)" "${runsc_by_hand[@]}"
}
