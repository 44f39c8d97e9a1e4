# Sourced: oidc_provider installs a real OpenID provider for the one test that uses it, and sets HELDER_TEST_OIDC_PROVIDER.
# shellcheck shell=bash

oidc_provider() {
  local folder="${CARGO_TARGET_DIR:-target}/oidc-provider"
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "no node and npm here"
    return 1
  fi
  if [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 20 ]; then
    echo "node $(node --version) is older than 20"
    return 1
  fi
  mkdir -p "$folder"
  cp gateway/tests/provider/package.json gateway/tests/provider/provider.mjs "$folder/"
  # The lock beside the packages is written last: an installation that was cut off is done again.
  if [ "$folder/node_modules/.package-lock.json" -ot gateway/tests/provider/package.json ] &&
    ! npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --no-package-lock --silent >&2; then
    echo "npm cannot install it"
    return 1
  fi
  HELDER_TEST_OIDC_PROVIDER=$(cd "$folder" && pwd)
  export HELDER_TEST_OIDC_PROVIDER
}
