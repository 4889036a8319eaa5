# Standard input becomes $1, or lies in it under the name $2 if that is a folder.
# $3: its SHA-256; $4: the file's mode, or `dir` for a tar of the folder $2; $5: how much of it is
# here already, `-` where nothing is to be left for another time.
set -e
dst=$1
case $dst in -*) dst=./$dst ;; esac
case $dst in */) [ -d "$dst" ] || { echo "no folder $dst" >&2; exit 1; } ;; esac
[ ! -d "$dst" ] || dst=${dst%/}/$2
if [ -d "$dst" ] || { [ "$4" = dir ] && [ -e "$dst" ]; }; then
  echo "$dst is there already" >&2
  exit 1
fi
if [ "$5" = - ]; then
  part=$dst.$$.orchard-part
  trap 'rm -rf -- "$part" "$part.new"' EXIT
  trap 'exit 1' HUP INT TERM
  cat >"$part"
else
  part=$dst.orchard-part
  # Whatever was written behind it is not known to be right.
  [ "$5" = 0 ] || { head -c "$5" "$part" >"$part.cut" && mv -f -- "$part.cut" "$part"; }
  if [ "$5" = 0 ]; then cat >"$part"; else cat >>"$part"; fi
fi
sum=$(sha256sum <"$part")
if [ "${sum%% *}" != "$3" ]; then
  rm -f -- "$part"
  echo "what arrived has another SHA-256 than what was sent" >&2
  exit 1
fi
if [ "$4" = dir ]; then
  mkdir -- "$part.new"
  tar -C "$part.new" -xf - <"$part"
  mv -- "$part.new/$2" "$dst"
else
  chmod "$4" "$part"
  mv -f -- "$part" "$dst"
fi
