"""The Python client's own stream for pods/exec, on another URL.

remotecommand.py KUBECONFIG PATH STDIN|- [--tty ROWSxCOLS] -- COMMAND...

Sends STDIN (nothing for -) and ends it, prints stdout and stderr where they belong, and ends with the
command's exit code, or with 255 and a line on stderr.
"""

import json
import sys
from urllib.parse import urlencode

from kubernetes import config
from kubernetes.client import Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.stream import ws_client


def main(kubeconfig, path, stdin, rest):
    config.load_kube_config(kubeconfig)
    configuration = Configuration.get_default_copy()
    size = rest[rest.index("--tty") + 1] if "--tty" in rest[: rest.index("--")] else None
    query = [("stdout", "true"), ("stderr", str(size is None).lower())]
    query += [("stdin", str(stdin != "-").lower()), ("tty", str(size is not None).lower())]
    query += [("command", argument) for argument in rest[rest.index("--") + 1 :]]
    token = configuration.get_api_key_with_prefix("authorization") or configuration.api_key.get("BearerToken")
    stream = ws_client.websocket_call(
        configuration,
        "GET",
        configuration.host + path + "?" + urlencode(query),
        headers={"authorization": token} if token else {},
        _preload_content=False,
        binary=True,
    )
    if size:
        rows, cols = size.split("x")
        stream.write_channel(ws_client.RESIZE_CHANNEL, json.dumps({"Height": int(rows), "Width": int(cols)}))
    if stdin != "-":
        # As text, which is what this client makes of a str.
        stream.write_stdin(stdin)
        stream.close_channel(ws_client.STDIN_CHANNEL)
    stream.run_forever(timeout=60)
    sys.stdout.buffer.write(stream.read_channel(ws_client.STDOUT_CHANNEL))
    sys.stderr.buffer.write(stream.read_channel(ws_client.STDERR_CHANNEL))
    print("subprotocol " + stream.subprotocol, file=sys.stderr)
    return stream.returncode


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:4], sys.argv[4:]))
    except ApiException as refused:
        print(refused, file=sys.stderr)
        sys.exit(255)
