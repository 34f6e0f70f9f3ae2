#!/bin/bash
# Vaguemestre on loopback: one process, SQLite, every key of speed at its default but the account's rate and window.
#   run.sh start (from an empty state) | resume (with the state that is there) | stop | kill9 | pids
# Environment: VAGUEMESTRE (the command), SMSC_PORT (2775), HTTP_PORT (8080), WINDOW (200), RATE (1000000),
# BENCH_STATE (../.state).
set -u
here=$(cd "$(dirname "$0")" && pwd)
: "${SMSC_PORT:=2775}" "${HTTP_PORT:=8080}" "${WINDOW:=200}" "${RATE:=1000000}" "${VAGUEMESTRE:=vaguemestre}"
state=${BENCH_STATE:-$(dirname "$here")/.state}/ours
pidfile=$state/pids
key=vgm_bench

pids() {
    local p
    [ -f "$pidfile" ] || return 0
    for p in $(cat "$pidfile"); do
        grep -qa vaguemestre "/proc/$p/cmdline" 2>/dev/null && echo "$p"
    done
    return 0
}

wait_gone() {
    local i p
    for i in $(seq 400); do
        [ -z "$(pids)" ] && { rm -f "$pidfile"; return 0; }
        sleep 0.1
    done
    for p in $(pids); do kill -9 "$p"; done
    rm -f "$pidfile"
}

configure() {
    mkdir -p "$state"
    cat >"$state/config.yaml" <<YAML
store: {url: "sqlite:////${state#/}/gateway.db"}
http: {listen: "127.0.0.1:$HTTP_PORT"}
defaults: {region: FR, timezone: Europe/Paris, sender: BENCH, max_parts: 8}
schools:
  - {uai: 0570051W, name: Bench, sender: BENCH, region: FR}
apps:
  - name: bench
    key_sha256: "$(printf %s "$key" | sha256sum | cut -d' ' -f1)"
    schools: [0570051W]
    scopes: [send, read]
accounts:
  - name: sink
    adapter: smpp
    host: 127.0.0.1
    port: $SMSC_PORT
    system_id: bench
    password: bench
    rate: $RATE
    window: $WINDOW
    price: "0.045"
modes: {standard: [sink]}
actions:
  - {code: BENCH, short_label: Bench, long_label: Bench, release: auto}
YAML
}

start() {
    local i
    [ -z "$(pids)" ] || { echo "vaguemestre runs already" >&2; return 1; }
    configure
    ulimit -n 65536 2>/dev/null
    "$VAGUEMESTRE" serve --config "$state/config.yaml" >"$state/serve.out" 2>&1 </dev/null &
    echo $! >"$pidfile"
    for i in $(seq 300); do
        kill -0 "$(cat "$pidfile")" 2>/dev/null || break
        curl -s -m 2 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$HTTP_PORT/readyz" | grep -q 200 && return 0
        sleep 0.1
    done
    echo "vaguemestre: not ready after 30 s; see $state/serve.out" >&2
    tail -5 "$state/serve.out" >&2
    return 1
}

case ${1:-} in
    start) rm -rf "$state" && start ;;
    resume) start ;;
    stop) for p in $(pids); do kill "$p"; done; wait_gone ;;
    kill9) for p in $(pids); do kill -9 "$p"; done; wait_gone ;;
    pids) pids ;;
    *) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
