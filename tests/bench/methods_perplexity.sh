#!/bin/sh
# Perplexity of plans on a model, as one table (Markdown): the same text for all of them, methods that need data
# calibrated on another one.
# usage: methods_perplexity.sh QLOUPE MODEL CALIBRATION HELDOUT [TOKENS [CALIBRATION_TOKENS [ROWS]]]
# ROWS: only those whose name and scheme match this extended regular expression
set -eu
if [ $# -lt 4 ]; then
  sed -n 2,5p "$0" >&2
  exit 2
fi
qloupe=$1 model=$2 calibration=$3 heldout=$4
tokens=${5:-16384} calibrated=${6:-16384} rows=${7:-.}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
export XDG_CACHE_HOME="$work/cache"

"$qloupe" analyze "$model" --calibration "$calibration" --tokens "$calibrated" --keep-moments \
  -o "$work/s.h5" >/dev/null 2>"$work/log" || { cat "$work/log" >&2; exit 1; }

# number KEY: a number of the last JSON
number() { sed -n "s/^ *\"$1\": \([-0-9.eE+]*\),*$/\1/p" "$work/out.json" | head -1; }

# measure NAME PLAN STATISTICS: one row
measure() {
  if ! "$qloupe" perplexity "$model" --text "$heldout" --tokens "$tokens" --plan "$2" --stats "$3" --json \
    >"$work/out.json" 2>"$work/log"; then
    echo "| $1 | - | - | - | $(tail -1 "$work/log") |"
    return
  fi
  # of the layers that are quantized, with everything that must be stored
  stored=$("$qloupe" error "$model" --plan "$2" --stats "$3" --csv 2>/dev/null | awk -F, '
    NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i; next }
    { n = $at["out"] * $at["in"]; all += n; sum += n * $NF }
    END { if (all > 0) print sum / all }')
  awk -v name="$1" -v bits="${stored:-?}" -v ppl="$(number perplexity)" -v kl="$(number kl)" \
    -v top="$(number top_agreement)" \
    'BEGIN { printf "| %s | %.2f | %.2f | %.4f | %.1f %% |\n", name, bits, ppl, kl, 100 * top }'
}

wanted() {
  echo "$1 $2" | grep -qE "$rows"
}

# row NAME SPEC: a plan of one scheme
row() {
  wanted "$1" "$2" || return 0
  "$qloupe" plan new "$model" -o "$work/p.json" --scheme "$2" --force >/dev/null
  measure "$1 \`$2\`" "$work/p.json" "$work/s.h5"
}

# sequential NAME SPEC: calibrated behind the blocks that it has quantized
sequential() {
  wanted "$1" "$2" || return 0
  "$qloupe" plan new "$model" -o "$work/p.json" --scheme "$2" --force >/dev/null
  rm -f "$work/seq.h5"
  "$qloupe" analyze "$model" --calibration "$calibration" --tokens "$calibrated" --plan "$work/p.json" \
    -o "$work/seq.h5" >/dev/null 2>"$work/log" || { cat "$work/log" >&2; return; }
  measure "$1 \`$2\`" "$work/p.json" "$work/seq.h5"
}

# rotated NAME SPEC: behind a Hadamard rotation of the residual stream
rotated() {
  wanted "$1" "$2" || return 0
  "$qloupe" plan new "$model" -o "$work/p.json" --scheme "$2" --force >/dev/null
  "$qloupe" plan rotate "$work/p.json" --r1 hadamard --r2 hadamard --seed 1 >/dev/null 2>"$work/log" ||
    { cat "$work/log" >&2; return; }
  measure "$1 \`$2\`" "$work/p.json" "$work/s.h5"
}

"$qloupe" perplexity "$model" --text "$heldout" --tokens "$tokens" --json >"$work/out.json"
echo "| method and scheme | bits a weight | perplexity | logit KL | same top token |"
echo "|---|---|---|---|---|"
printf '| as it is | 16 | %.2f | 0 | 100 %% |\n' "$(number perplexity)"
for bits in 4 3; do
  for part in '' ':group=64' ':group=32'; do
    comma=${part:+,}
    row RTN "w${bits}a16${part}"
    row GPTQ "w${bits}a16${part:-:}${comma}algorithm=gptq"
    row AWQ "w${bits}a16${part:-:}${comma}algorithm=awq"
  done
  sequential 'GPTQ, sequential' "w${bits}a16:group=64,algorithm=gptq"
  row 'GPTQ, act order' "w${bits}a16:group=64,algorithm=gptq:act_order"
done
row EasyQuant w4a16:algorithm=easyquant
row 'plain 8 bits' w8a8
row 'LLM.int8()' w8a8:act_outliers=6
row BiLLM binary:algorithm=billm
row RTN fp4_e2m1
row MXFP4 mxfp4
row NVFP4 nvfp4
row NF4 nf4
rotated 'rotation, RTN' w4a16
rotated 'rotation, RTN' w4a16:group=64
