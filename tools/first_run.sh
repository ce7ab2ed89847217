#!/usr/bin/env bash
# Times what someone new to the package does first, step by step.
#
#   tools/first_run.sh mnist.npz [DIR]
#
# DIR, a new one, gets the environment and what the programs write; a temporary one without. PYTHON
# is the interpreter, python3 by default. Prints rows of a Markdown table, with the load at the end
# of each step: on a busy machine the times say little.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
data=$(realpath "${1:?"Where is mnist.npz? tools/first_run.sh mnist.npz [DIR]"}")
directory=${2:-$(mktemp -d)}
python=${PYTHON:-python3}
mkdir -p "$directory"
if [ -e "$directory/venv" ]; then
    echo "DIR must be new. Received: $directory, which has an environment" >&2
    exit 1
fi
cd "$directory"  # Not in the clone, whose folder wae_tf would be imported.
unset PYTHONPATH

timed() {  # What to call it, and the command.
    local what=$1 start
    shift
    start=$(date +%s.%N)
    "$@" > step.log 2>&1 || { tail -n 20 step.log >&2; exit 1; }
    LC_ALL=C awk -v a="$start" -v b="$(date +%s.%N)" -v what="$what" -v "load=$(cut -d' ' -f1 /proc/loadavg 2>/dev/null)" \
        'BEGIN { printf "| %s | %.1f | %s |\n", what, b - a, load }'
}

echo "| Step | Seconds | Load |"
echo "| --- | ---: | ---: |"
timed "\`python -m venv\`" "$python" -m venv venv
source venv/bin/activate
timed "\`pip install .\`" pip install --quiet "$repository"
timed "\`python -c 'import tensorflow'\`, the first time" python -c "import tensorflow"
timed "the same again" python -c "import tensorflow"
timed "\`import wae_tf\`" python -c "import wae_tf"
sample=(wae-sample --model=celeba_wae_mmd --sampler=gmm --num=64)
timed "\`wae-sample\`, 64 faces" "${sample[@]}" --output=faces.png
timed "the same again" "${sample[@]}" --output=again.png
train=(wae-train --config=mnist_wae_mmd "--data=$data" --workdir=run --epochs=1)
timed "\`wae-train\`, one epoch of MNIST" "${train[@]}"
tail -n 1 step.log | sed 's/^/Said at the end: /'
