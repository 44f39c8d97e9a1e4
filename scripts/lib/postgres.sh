# Sourced: start_postgres [port] [superuser] starts a throw-away server of Debian's package, on a free port when none is given,
# and sets HELDER_TEST_POSTGRES_URL and HELDER_TEST_POSTGRES_LOG; stop_postgres ends and removes it.
# shellcheck shell=bash

POSTGRES_FOLDER=""

# PostgreSQL refuses to run as root.
as_postgres() {
  if [ "$(id -u)" -eq 0 ]; then
    runuser -u postgres -- "$@"
  else
    "$@"
  fi
}

postgres_binaries() {
  local found
  for found in /usr/lib/postgresql/*/bin; do
    [ -x "$found/initdb" ] && echo "$found"
  done | sort -V | tail -1
}

start_postgres() {
  local binaries port=${1:-} superuser=${2:-helder}
  binaries=$(postgres_binaries)
  if [ -z "$binaries" ]; then
    return 1
  fi
  POSTGRES_FOLDER=$(mktemp -d)
  [ -n "$port" ] || port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  if [ "$(id -u)" -eq 0 ]; then
    chown postgres "$POSTGRES_FOLDER"
  fi
  # Nothing in it has to survive a power cut.
  if ! (cd / && as_postgres "$binaries/initdb" --pgdata "$POSTGRES_FOLDER/data" --username "$superuser" --auth trust --no-sync &&
    as_postgres "$binaries/pg_ctl" start --wait --silent --pgdata "$POSTGRES_FOLDER/data" --log "$POSTGRES_FOLDER/log" \
      --options "-p $port -k $POSTGRES_FOLDER -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=400") \
    >"$POSTGRES_FOLDER.start" 2>&1; then
    cat "$POSTGRES_FOLDER.start" >&2
    return 1
  fi
  export HELDER_TEST_POSTGRES_URL="postgres://$superuser@127.0.0.1:$port/postgres"
  # What the server itself writes down; tests look for persons in it.
  export HELDER_TEST_POSTGRES_LOG="$POSTGRES_FOLDER/log"
}

stop_postgres() {
  if [ -n "$POSTGRES_FOLDER" ]; then
    (cd / && as_postgres "$(postgres_binaries)/pg_ctl" stop --mode immediate --silent --pgdata "$POSTGRES_FOLDER/data") || true
    rm -rf "$POSTGRES_FOLDER" "$POSTGRES_FOLDER.start"
    POSTGRES_FOLDER=""
  fi
}
