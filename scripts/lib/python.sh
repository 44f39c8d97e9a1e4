# Sourced: python_env NAME REQUIREMENTS… makes a virtual environment once and puts it first in PATH.
# shellcheck shell=bash
python_env() {
  local folder=".venv/$1"
  shift
  if [ ! -x "$folder/bin/python" ]; then
    python3 -m venv "$folder"
  fi
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
  PATH="$PWD/$folder/bin:$PATH"
}
