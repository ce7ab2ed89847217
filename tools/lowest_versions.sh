#!/usr/bin/env bash
# Makes an environment with the lowest versions in setup.cfg's ranges, and runs tests in it.
#
#   tools/lowest_versions.sh DIR [arguments of pytest]
#
# DIR is the environment, kept and used again; tests/test_quick.py is what runs by default. PYTHON
# is the interpreter, python3.10 where there is one: the lowest that is supported.
# tools/lowest_versions.txt has all versions, so that nothing is left to resolve.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
directory=${1:?"Which directory is the environment to be in? tools/lowest_versions.sh DIR"}
shift
python=${PYTHON:-python3.10}
"$python" --version > /dev/null 2>&1 || python=python3  # A name on the path may stand for nothing.

if [ ! -x "$directory/bin/python" ]; then
    "$python" -m venv "$directory"
fi
"$directory/bin/python" -m pip install --quiet --no-deps -r "$repository/tools/lowest_versions.txt"

cd "$repository"
export PYTHONPATH="$repository" TF_CPP_MIN_LOG_LEVEL=3
"$directory/bin/python" -c "
import platform, keras, numpy, PIL, tensorflow
print('Python', platform.python_version(), 'TensorFlow', tensorflow.__version__,
      'Keras', keras.__version__, 'NumPy', numpy.__version__, 'Pillow', PIL.__version__)" 2>/dev/null
if [ $# -eq 0 ]; then
    set -- tests/test_quick.py
fi
exec "$directory/bin/python" -m pytest "$@"
