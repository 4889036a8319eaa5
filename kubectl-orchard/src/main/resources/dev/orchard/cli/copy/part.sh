# Of the part of an upload to $1 that is here already, if any: its length and SHA-256.
dst=$1
case $dst in -*) dst=./$dst ;; esac
[ ! -d "$dst" ] || dst=${dst%/}/$2
part=$dst.orchard-part
if [ ! -f "$part" ]; then
  echo 0 -
  exit
fi
size=$(wc -c <"$part") && sum=$(sha256sum <"$part") && echo $size "${sum%% *}"
