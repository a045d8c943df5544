# What sandboxes are made of, as it is on this machine now: a test run must leave none of it. Sourced by bash.

# leftovers: one line for each thing, sorted.
leftovers() {
    {
        find /run/netns /run/*/netns -mindepth 1 -maxdepth 1 -printf 'network namespace %p\n' 2>/dev/null || true
        ip -o link 2>/dev/null | sed -nE 's/^[0-9]+: (at[^:@ ]*).*/network link \1/p' || true
        nft list tables 2>/dev/null | sed -n 's/^table \(.*atoll.*\)/nftables \1/p' || true
        # A mount's first fields are numbers that change; its point is the fifth.
        cut -d ' ' -f 5 /proc/self/mountinfo | sed 's/^/mount /'
        losetup --noheadings --output NAME,BACK-FILE 2>/dev/null | sed 's/^/loop device /' || true
        find /sys/fs/cgroup -depth -type d -name '*atoll*' -printf 'cgroup %p\n' 2>/dev/null || true
        # By the name of the program, which is all that is compared: runsc, its sandboxes and gofers, ours.
        for process in /proc/[0-9]*; do
            read -r name < "$process/comm" 2>/dev/null || continue
            case "$name" in
                runsc* | exe | atoll-* | atoll) printf 'process %s %s\n' "${process#/proc/}" "$name" ;;
            esac
        done 2>/dev/null
    } | LC_ALL=C sort
}

# left_since FILE: what is there now and was not then. Processes that were told to end get five seconds to be gone.
left_since() {
    local left try
    for try in {1..10}; do
        left="$(LC_ALL=C comm -13 "$1" <(leftovers))"
        [[ -n "$left" ]] || return 0
        read -r -t 0.5 <> <(:) || true
    done
    sed 's/^/  /' <<< "$left"
}
