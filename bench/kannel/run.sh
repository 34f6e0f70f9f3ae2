#!/bin/bash
# Kannel on loopback, with its spool store: each accepted message is a file before it is answered.
#   run.sh start    from an empty state; returns when it is bound to the SMSC
#   run.sh resume   the same with the state that is there (after kill9 or stop)
#   run.sh stop | kill9 | pids
# Environment: SMSC_PORT (2775), HTTP_PORT (13013), ADMIN_PORT (13000), SMSBOX_PORT (13001),
# WINDOW (max-pending-submits, 200), LOG_LEVEL (2: warnings), BENCH_STATE (../.state).
set -u
here=$(cd "$(dirname "$0")" && pwd)
: "${SMSC_PORT:=2775}" "${HTTP_PORT:=13013}" "${ADMIN_PORT:=13000}" "${SMSBOX_PORT:=13001}" "${WINDOW:=200}" "${LOG_LEVEL:=2}"
state=${BENCH_STATE:-$here/../.state}/kannel
pidfile=$state/pids

pids() {
    local p
    [ -f "$pidfile" ] || return 0
    for p in $(cat "$pidfile"); do
        [[ $(cat "/proc/$p/comm" 2>/dev/null) =~ ^(bearerbox|smsbox)$ ]] && echo "$p"
    done
    return 0
}

wait_gone() {
    local i p
    for i in $(seq 300); do
        [ -z "$(pids)" ] && { rm -f "$pidfile"; return 0; }
        sleep 0.1
    done
    for p in $(pids); do kill -9 "$p"; done
    rm -f "$pidfile"
}

start() {
    [ -z "$(pids)" ] || { echo "kannel runs already" >&2; return 1; }
    mkdir -p "$state/spool"
    sed -e "s|@STATE@|$state|; s|@SMSC_PORT@|$SMSC_PORT|; s|@HTTP_PORT@|$HTTP_PORT|" \
        -e "s|@ADMIN_PORT@|$ADMIN_PORT|; s|@SMSBOX_PORT@|$SMSBOX_PORT|; s|@WINDOW@|$WINDOW|; s|@LOG_LEVEL@|$LOG_LEVEL|" \
        "$here/kannel.conf.in" >"$state/kannel.conf"
    ulimit -n 65536 2>/dev/null
    # -v: what goes to standard error, where the default is every PDU in full
    bearerbox -v "$LOG_LEVEL" "$state/kannel.conf" >"$state/bearerbox.out" 2>&1 </dev/null &
    echo $! >"$pidfile"
    wait_for "bearerbox admin" "http://127.0.0.1:$ADMIN_PORT/status.txt?password=bench" "online" || return 1
    smsbox -v "$LOG_LEVEL" "$state/kannel.conf" >"$state/smsbox.out" 2>&1 </dev/null &
    echo $! >>"$pidfile"
    wait_for "smsbox" "http://127.0.0.1:$HTTP_PORT/cgi-bin/sendsms" "" || return 1
    wait_for "smsbox at bearerbox" "http://127.0.0.1:$ADMIN_PORT/status.txt?password=bench" "smsbox:bench" || return 1
}

wait_for() {
    local i
    for i in $(seq 300); do
        [ -n "$(pids)" ] || break
        curl -s -m 2 "$2" 2>/dev/null | grep -q -- "$3" && return 0
        sleep 0.1
    done
    echo "kannel: no $1 after 30 s; see $state" >&2
    return 1
}

case ${1:-} in
    start) rm -rf "$state" && start ;;
    resume) start ;;
    stop) for p in $(pids); do kill "$p"; done; wait_gone ;;
    kill9) for p in $(pids); do kill -9 "$p"; done; wait_gone ;;
    pids) pids ;;
    *) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
