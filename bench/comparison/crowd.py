"""Strangers at the ports of ranks: garbage, silence, half a greeting, greetings of a byte at a time.

    crowd.py HOST:PORT...

Calls them in turn until it is terminated, and then prints how often somebody took the call.
"""
import os
import select
import signal
import socket
import sys
import time

HELD = 1000          # connections at once, as far as the other side keeps them
CALLS_A_SECOND = 500
PACE = 0.02          # seconds between two looks
DRIP_PACE = 0.2      # seconds between two bytes of the slow ones

GREETING = b"prun-dt\n"  # how a rank begins, see docs/wire_format.md
SILENT, SLOW = b"", None
WORDS = (SILENT, SLOW, GREETING, GREETING + bytes(88), b"GET / HTTP/1.0\r\n\r\n", os.urandom(4096))


class Crowd:
    def __init__(self, addresses):
        self.addresses = addresses
        self.held = {}  # descriptor: (socket, whether it drips)
        self.poll = select.poll()
        self.calls = self.taken = 0

    def call(self):
        says = WORDS[self.calls % len(WORDS)]
        caller = socket.socket()
        self.calls += 1
        try:
            caller.settimeout(1)
            caller.connect(self.addresses[self.calls % len(self.addresses)])
            caller.setblocking(False)
            if says:
                caller.send(says)
        except OSError:
            caller.close()
            return
        self.taken += 1
        self.held[caller.fileno()] = (caller, says is SLOW)
        self.poll.register(caller, select.POLLIN)

    def hang_up_where_cut_off(self):
        for descriptor, _ in self.poll.poll(0):
            self.poll.unregister(descriptor)
            self.held.pop(descriptor)[0].close()

    def drip(self):
        for caller, slow in self.held.values():
            if not slow:
                continue
            try:
                caller.send(b"p")
            except OSError:
                pass  # cut off, as the next look will tell


def main():
    addresses = []
    for word in sys.argv[1:]:
        host, port = word.rsplit(":", 1)
        addresses.append((socket.gethostbyname(host), int(port)))
    crowd = Crowd(addresses)
    told = []
    signal.signal(signal.SIGTERM, lambda *_: told.append(True))
    begun = dripped = time.monotonic()
    while not told:
        now = time.monotonic()
        crowd.hang_up_where_cut_off()
        while not told and crowd.calls < (now - begun) * CALLS_A_SECOND and len(crowd.held) < HELD:
            crowd.call()
        if now - dripped >= DRIP_PACE:
            crowd.drip()
            dripped = now
        time.sleep(PACE)
    print(crowd.taken)


if __name__ == "__main__":
    main()
