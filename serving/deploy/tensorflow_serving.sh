#!/bin/sh
# Starts real TensorFlow Serving in Docker on a bundle's SavedModel.
#
#   sh serving/deploy/tensorflow_serving.sh bundles/add_glasses
#   sh serving/deploy/tensorflow_serving.sh --print bundles/add_glasses
#
# REST is then at http://127.0.0.1:8501/v1/models/add_glasses, gRPC at 127.0.0.1:8500; both
# are open to this machine only. --print shows the command and runs nothing.
# TENSORFLOW_SERVING_IMAGE names another image than the one below.
set -eu

image=${TENSORFLOW_SERVING_IMAGE:-tensorflow/serving:2.19.1}

fail() {
    printf 'tensorflow_serving.sh: error: %s\n' "$1" >&2
    exit 2
}

# Puts a word in single quotes where a shell would otherwise read it differently.
quoted() {
    case $1 in
    '' | *[!A-Za-z0-9_./:=,@%+-]*)
        printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"
        ;;
    *) printf '%s' "$1" ;;
    esac
}

print_only=no
if [ "${1-}" = --print ]; then
    print_only=yes
    shift
fi
[ $# -eq 1 ] || fail 'pass one bundle folder, such as bundles/add_glasses'
[ -d "$1" ] || fail "'$1' is not a folder; pass a bundle, such as bundles/add_glasses"

bundle=$(cd -- "$1" && pwd -P)
name=$(basename -- "$bundle")
source=$bundle/saved_model

found=no
for version in "$source"/[0-9]*; do
    if [ -f "$version/saved_model.pb" ]; then
        found=yes
    fi
done
[ "$found" = yes ] || fail "'$source' has no version folder with a SavedModel, such as 1/"

# Docker splits the value of --mount at commas.
case $source in
*,*) fail "'$source' has a comma in its path, which docker --mount cannot take; move the bundle" ;;
esac

set -- docker run --rm \
    -p 127.0.0.1:8501:8501 \
    -p 127.0.0.1:8500:8500 \
    --mount "type=bind,source=$source,target=/models/$name,readonly" \
    -e "MODEL_NAME=$name" \
    "$image"

if [ "$print_only" = yes ]; then
    line=
    for word in "$@"; do
        line="$line${line:+ }$(quoted "$word")"
    done
    printf '%s\n' "$line"
    exit 0
fi

command -v docker >/dev/null 2>&1 ||
    fail 'docker is not installed; see https://docs.docker.com/engine/install/, or use --print'
exec "$@"
