"""The rank's side of the control channel, for programs that tests start under prun."""

import os
import socket
import struct
import sys

PROTOCOL = 5
HELLO, WELCOME, ENDPOINT, ENDPOINTS, ABORTING, PEER_LOST, FINALIZED = range(17, 24)


def text(value):
    return struct.pack("<I", len(value.encode())) + value.encode()


class Reader:
    def __init__(self, data):
        self.data = data

    def take(self, form):
        values = struct.unpack_from("<" + form, self.data)
        self.data = self.data[struct.calcsize("<" + form):]
        return values[0] if len(values) == 1 else values

    def text(self):
        length = self.take("I")
        value, self.data = self.data[:length].decode(), self.data[length:]
        return value


class Channel:
    def __init__(self):
        self.socket = socket.socket(fileno=int(os.environ["PRUN_FD"]))
        self.rank = int(os.environ["PRUN_RANK"])

    def send(self, kind, body=b""):
        self.socket.sendall(struct.pack("<IB", 1 + len(body), kind) + body)

    def read(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                sys.exit("the channel has ended")
            data += more
        return data

    def receive(self):
        length, kind = struct.unpack("<IB", self.read(5))
        return kind, Reader(self.read(length - 1))

    def hello(self, protocol=PROTOCOL, version="0.1.0"):
        self.send(HELLO, struct.pack("<H", protocol) + text(version) + b"\x08")

    def join(self):
        """Says hello; answers the welcome as a dictionary."""
        self.hello()
        kind, body = self.receive()
        assert kind == WELCOME, kind
        welcome = {"job": body.take("Q")}
        welcome["hosts"] = [(body.text(), body.text()) for _ in range(body.take("I"))]
        welcome["host_of_rank"] = [body.take("I") for _ in range(body.take("I"))]
        welcome["restarts"] = body.take("I")
        welcome["key"], body.data = body.data[:32], body.data[32:]
        welcome["rank"] = body.take("I")
        welcome["bind"] = body.text()
        welcome["cores"] = body.take("I")
        welcome["compression"] = body.take("B")
        welcome["encrypt"] = body.take("B")
        welcome["shared_memory"] = body.take("i")
        welcome["clock"] = body.take("i")
        welcome["ports"] = body.take("HH")
        welcome["on_failure"] = body.take("B")
        assert not body.data
        return welcome

    def endpoint(self, port):
        self.send(ENDPOINT, struct.pack("<IH", self.rank, port))

    def endpoints(self, size):
        """Ports by rank, once all are known."""
        known = {}
        while len(known) < size:
            kind, body = self.receive()
            assert kind == ENDPOINTS, kind
            for _ in range(body.take("I")):
                rank, port = body.take("IH")
                known[rank] = port
        return known

    def lost(self):
        """The next lost peer: rank, orderly, cause."""
        while True:
            kind, body = self.receive()
            if kind == PEER_LOST:
                return body.take("I"), bool(body.take("B")), body.text()

    def abort(self, status, words):
        self.send(ABORTING, struct.pack("<Ii", self.rank, status) + text(words))

    def finalize(self):
        self.send(FINALIZED)
