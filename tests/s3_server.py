"""An S3 server on loopback (moto's), and a way to it that can be cut and mended."""

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BUCKET = "bucket"
NEVER = 1_000_000_000
KEYS = {"AWS_ACCESS_KEY_ID": "key-of-the-tests", "AWS_SECRET_ACCESS_KEY": "secret-of-the-tests"}


class Way:
    """A port that leads to the server, as long as `cut` is not set; what is under way then breaks off."""

    def __init__(self, port: int) -> None:
        self._to, self.cut = port, False
        self._open: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def close_all(self) -> None:
        self.cut = True
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def stop(self) -> None:
        self.close_all()
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                here, _ = self._listening.accept()
            except OSError:
                return
            if self.cut:
                here.close()
                continue
            there = socket.create_connection(("127.0.0.1", self._to))
            self._open += [here, there]
            for one, other in ((here, there), (there, here)):
                threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError), closing(one), closing(other):
        while part := one.recv(65536):
            other.sendall(part)


@dataclass(frozen=True, kw_only=True)
class S3:
    """The server, a way to it, and the environment of a command that uses it."""

    port: int
    way: Way

    def environment(self, *, direct: bool = False) -> dict[str, str]:
        port = self.port if direct else self.way.port
        return {**KEYS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_DEFAULT_REGION": "us-east-1"}

    def client(self, service: str = "s3", **keys: str) -> Any:
        import boto3

        given = keys or {
            "aws_access_key_id": KEYS["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": KEYS["AWS_SECRET_ACCESS_KEY"],
        }
        return boto3.client(service, endpoint_url=f"http://127.0.0.1:{self.port}", region_name="us-east-1", **given)

    def content(self, prefix: str) -> dict[str, bytes]:
        """Return name -> bytes of all objects below a prefix."""
        client = self.client()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{prefix}/")
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return {
            key.removeprefix(f"{prefix}/"): client.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys
        }

    def put(self, key: str, content: bytes) -> None:
        self.client().put_object(Bucket=BUCKET, Key=key, Body=content)

    def put_folder(self, folder: Path, prefix: str) -> None:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                self.put(f"{prefix}/{path.relative_to(folder).as_posix()}", path.read_bytes())

    def check_keys(self, *, after: int) -> None:
        """Let the server ask from now on who may do what, after so many more calls."""
        url, kind = f"http://127.0.0.1:{self.port}/moto-api/reset-auth", {"Content-Type": "text/plain"}
        asked = urllib.request.Request(url, data=str(after).encode(), headers=kind)  # the test's own server
        urllib.request.urlopen(asked, timeout=10).close()  # noqa: S310  # the test's own server

    def unlock(self, prefix: str) -> None:
        """Delete the lock of an address, as its owner may where a machine is dead."""
        self.client().delete_object(Bucket=BUCKET, Key=f"{prefix}/.acidtest-lock.json")


@contextmanager
def s3_server() -> Iterator[S3]:
    """Start the server with one empty bucket; stop it at the end."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    environment = {**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": str(NEVER)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        way = Way(port)
        try:
            _await(f"http://127.0.0.1:{port}/moto-api/")
            server = S3(port=port, way=way)
            server.client().create_bucket(Bucket=BUCKET)
            yield server
        finally:
            way.stop()
            process.terminate()


def _await(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(url, timeout=1).close()  # noqa: S310  # the test's own server
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
