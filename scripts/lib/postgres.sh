# Sourced: start_postgres [port] [superuser] starts a throw-away server of Debian's package, on a free port when none is given,
# and sets HELDER_TEST_POSTGRES_URL and HELDER_TEST_POSTGRES_LOG; stop_postgres ends and removes it.
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
