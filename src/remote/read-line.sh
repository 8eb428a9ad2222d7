# shellcheck shell=sh
# shellcheck disable=SC3045 # `read -t` is tried before it is used
# Defines `has PROGRAM` and `read_line SECONDS`. `read_line` prints the next two-byte line from descriptor 3, or nothing at its end or after that many seconds
# of silence. `timed_read` is set if the shell's own `read` has a timeout; dash's has none.
has() { command -v "$1" >/dev/null 2>&1; }
timed_read=
# shellcheck disable=SC2034 # only the status of this read counts
if (read -r -t 1 b </dev/null) 2>/dev/null; [ $? = 1 ]; then timed_read=1; read_line() { read -r -t "$1" b <&3 && echo "$b"; }
elif has timeout && has dd; then read_line() { timeout "$1" dd bs=1 count=2 <&3; }
else read_line() { read -r b <&3 && echo "$b"; }
fi
