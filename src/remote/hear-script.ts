/**
 * Defines `hear SECONDS` for remote shells. It prints the next two-byte line from descriptor 3, or nothing at its end or after that many seconds of
 * silence. `timed_read` is set if the shell's own `read` has a timeout; dash's has none. Needs `has`.
 */
export const hearFunction = `timed_read=
if (read -r -t 1 b </dev/null) 2>/dev/null; [ $? = 1 ]; then timed_read=1; hear() { read -r -t "$1" b <&3 && echo "$b"; }
elif has timeout && has dd; then hear() { timeout "$1" dd bs=1 count=2 <&3; }
else hear() { read -r b <&3 && echo "$b"; }
fi`
