# Sourced: python_env NAME REQUIREMENTS… makes a virtual environment once and puts it first in PATH. HELDER_VENVS names another folder
# for them than .venv.
# shellcheck shell=bash
python_env() {
  local folder
  mkdir -p "${HELDER_VENVS:-.venv}"
  folder="$(cd "${HELDER_VENVS:-.venv}" && pwd)/$1"
  shift
  if [ ! -x "$folder/bin/python" ]; then
    python3 -m venv "$folder"
  fi
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
  PATH="$folder/bin:$PATH"
}
