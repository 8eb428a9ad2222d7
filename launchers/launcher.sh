# shellcheck shell=sh disable=SC2154
# Answers questions of Wireshark without Node, whose start takes twenty times as long. Wireshark asks two questions for each interface of its
# list, half of them sequentially before its window opens (ui/capture.c, capture_get_if_list_capabilities).
# The launcher that `kcap install` writes sets `node` and `program` and sources this file, which returns only where Node is missing.
# Runs in dash, bash and busybox ash. Starting any program costs more than everything else. The script does not search PATH, which may name the
# current folder. The build replaces the names between `@`s.

version='@version@'
question='' interface='' expected=''
for word; do
  if [ "$expected" = interface ]; then
    interface=$word expected=''
    continue
  fi
  case $word in
    --extcap-dlts) question=dlts ;;
    --extcap-config) question=config ;;
    --extcap-interface) expected=interface ;;
    --extcap-interface=*) interface=${word#--extcap-interface=} ;;
    --extcap-version=*) ;;
    # This includes --extcap-reload-option, whose answer comes from the cluster.
    *)
      question=''
      break
      ;;
  esac
done

case $question:$interface in
  *[!a-z0-9._:-]*) ;;
  dlts:kcap?*)
    printf %s '@dlts@'
    exit 0
    ;;
  config:kcap?*)
    # The answer file has the results of the last listing and the previous choices in this dialog. It is valid if this version wrote it for this
    # kubeconfig and it has not changed since (src/extcap/answer-file.ts).
    case ${XDG_CACHE_HOME:-} in
      /*) cache=$XDG_CACHE_HOME ;;
      *) if [ -d /System/Library/CoreServices ]; then cache=$HOME/Library/Caches; else cache=$HOME/.cache; fi ;;
    esac
    answer=$cache/kcap/answers/$interface
    # shellcheck disable=SC3067 # not in POSIX, but in every sh that Wireshark meets
    if [ -f "$answer" ] && [ ! -h "$answer" ] && [ -O "$answer" ]; then
      header='' sum='' again=''
      { IFS= read -r header && sum=$(command -p cksum); } <"$answer"
      if [ "$header" = "kcap $version ${sum%% *} ${KUBECONFIG:-}" ]; then
        # The file may have been replaced since: an equal first line has the same checksum, so the same answer follows.
        { IFS= read -r again && [ "$again" = "$header" ] && command -p cat && exit; } <"$answer"
      fi
    fi
    dialog=''
    case $interface in
      kcapdemo) dialog='@demo-dialog@' ;;
      kcapshared) dialog='@shared-dialog@' ;;
      kcapssh) dialog='@ssh-dialog@' ;;
      kcapssh-?*) dialog='@ssh-host-dialog@' ;;
      kcap-?*.?*.record_?*) dialog='@record-dialog@' ;;
      kcap-?*.?*.?*_?*) dialog='@workload-dialog@' ;;
      kcap-?*.?*.?*) dialog='@pod-dialog@' ;;
    esac
    if [ -n "$dialog" ]; then
      printf %s "$dialog"
      exit 0
    fi
    ;;
esac

case $* in
  *--ssh-password* | *--sudo-password* | *--link*)
    # Other users of the machine can see the arguments of a program, but not its environment.
    expected=''
    for word; do
      shift
      case $expected:$word in
        ssh: | sudo: | link:) expected='' ;;
        ssh:*) KCAP_SSH_PASSWORD=$word expected='' && export KCAP_SSH_PASSWORD ;;
        sudo:*) KCAP_SUDO_PASSWORD=$word expected='' && export KCAP_SUDO_PASSWORD ;;
        link:*) KCAP_LINK=$word expected='' && export KCAP_LINK ;;
        :--ssh-password) expected='ssh' ;;
        :--sudo-password) expected='sudo' ;;
        :--link) expected='link' ;;
        *) set -- "$@" "$word" ;;
      esac
    done
    ;;
esac

if [ -r "$program" ]; then
  if [ -x "$node" ]; then exec "$node" "$program" "$@"; fi
  # The Node that kcap was installed with is gone, for example after an update. A desktop starts Wireshark with a short PATH.
  for node in "$(command -v node)" /usr/local/bin/node /usr/bin/node /opt/homebrew/bin/node /opt/local/bin/node \
    "$HOME"/.volta/bin/node "$HOME"/.nvm/versions/node/*/bin/node "$HOME"/.asdf/installs/nodejs/*/bin/node \
    "$HOME"/.local/share/fnm/node-versions/*/installation/bin/node; do
    [ -x "$node" ] || continue
    "$node" -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' \
      </dev/null >/dev/null 2>&1 && exec "$node" "$program" "$@"
  done
fi
