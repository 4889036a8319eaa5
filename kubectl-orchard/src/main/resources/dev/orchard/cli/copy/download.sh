# $1: what to send; $2: from which byte of a file on, whose digest is wanted then.
path=$1
case $path in -*) path=./$path ;; esac
if [ -d "$path" ]; then
  cd "$path" && path=$(pwd -P) || exit 1
  echo "dir 755 - ${path##*/}"
  exec tar -C "${path%/*}/" -cf - "./${path##*/}"
fi
exec <"$path" || exit 1
mode=$(stat -L -c %a "$path") || exit 1
sum=-
if [ "$2" -gt 0 ]; then
  sum=$(sha256sum <"$path") || exit 1
fi
echo "file $mode ${sum%% *} ${path##*/}"
exec tail -c "+$(($2 + 1))"
