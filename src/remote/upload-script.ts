/** Begins the names of programs that kcap has put somewhere; `kcap cleanup` knows them by it. */
export const uploadedNamePrefix = 'kcap-tcpdump-'
export const uploadFolders = ['/tmp', '/var/tmp', '/dev/shm', '/run'] as const

/**
 * Takes `size` bytes from standard input into an executable file in the first folder where one can be run: prints `ready` when it takes
 * them, since of a program that ended without them an older API server would not tell the end; then the file's path and its SHA-256, or where nothing there can make one its checksum and size as `cksum` has them. Ends with 3 where no folder will do. It counts the bytes itself, because an older API server can
 * not tell the far side that its input has ended. `machines` are those the program runs on, as `uname -m` calls them; none: not known. A
 * shell may take a program for another machine for a script.
 */
export function makeUploadArgv(name: string, size: number, machines: readonly string[]): string[] {
  return ['sh', '-c', script, 'kcap-upload', name, String(size), machines.join(' '), ...uploadFolders]
}

const script = `
name=$1 size=$2 machines=$3; shift 3
umask 077
machine=$(uname -m 2>/dev/null)
if [ -n "$machine" ] && [ -n "$machines" ]; then
  case " $machines " in
    *" $machine "*) ;;
    *) echo "it is a program for \${machines%% *}, and the machine there is $machine" >&2; exit 3 ;;
  esac
fi
has() { command -v $1 >/dev/null 2>&1; }
for tool in head chmod rm; do
  has $tool || { echo "there is no \\"$tool\\"" >&2; exit 3; }
done
has sha256sum || has cksum || { echo 'there is no "sha256sum", nor "cksum"' >&2; exit 3; }
for folder; do
  file=$folder/$name
  printf '#!/bin/sh\\n' 2>/dev/null >"$file" || continue
  if chmod 700 "$file" 2>/dev/null && "$file" 2>/dev/null; then
    echo ready
    head -c "$size" >"$file" || { rm -f "$file"; echo "it can not be written into $folder" >&2; exit 3; }
    if has sha256sum; then sum=$(sha256sum <"$file"); else sum=$(cksum <"$file"); fi
    echo "$file $sum"
    exit 0
  fi
  rm -f "$file"
done
echo 'there is no folder where a program could be put and run' >&2
exit 3
`
