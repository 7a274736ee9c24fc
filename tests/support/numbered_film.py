"""A film whose pictures say which they are, and framebuffers to read them back from.

Every tile of the 2x2 wall carries the number of the picture as a row of dark and bright blocks, so that each screen can
be read alone; a bright line that wanders over all tiles shows people what the numbers show the test.
"""

import mmap
import struct
import subprocess
import zlib

WIDTH, HEIGHT, RATE = 320, 180, 25  # so small that two cores can play it four times over in software
COLUMNS, ROWS = 2, 2
TILE = (WIDTH // COLUMNS, HEIGHT // ROWS)
BITS, BLOCK, LEFT, TOP = 10, 14, 10, 38


RAMP = [bytes(60 + x * 100 // WIDTH + shade for x in range(WIDTH)) for shade in range(41)]
CB = bytes(96 + x * 64 // (WIDTH // 2) for _ in range(HEIGHT // 2) for x in range(WIDTH // 2))
CR = bytes(160 - y * 64 // (HEIGHT // 2) for y in range(HEIGHT // 2) for _ in range(WIDTH // 2))


def planes(number):
    """The picture's Y, Cb and Cr, limited range, chroma at half size."""
    line = 2 * number % (WIDTH - 4)
    rows = [bytearray(RAMP[y * 40 // HEIGHT]) for y in range(HEIGHT)]
    for row in rows:
        row[line:line + 4] = b"\xdc" * 4
    for tile_x in range(COLUMNS):
        for bit in range(BITS):
            x = tile_x * TILE[0] + LEFT + bit * BLOCK
            shade = b"\xeb" if number >> bit & 1 else b"\x10"
            for tile_y in range(ROWS):
                for y in range(tile_y * TILE[1] + TOP, tile_y * TILE[1] + TOP + BLOCK):
                    rows[y][x:x + BLOCK] = shade * BLOCK
    return b"".join(rows), CB, CR


def write(path, pictures):
    """A film of H.264, encoded by the mpv that will play it, so that nothing else is needed."""
    encoder = subprocess.Popen(
        ["mpv", "--no-config", "--really-quiet", f"--o={path}",
         "--of=matroska", "--ovc=libx264", "--ovcopts=crf=12,g=50,preset=veryfast", "-"], stdin=subprocess.PIPE)
    encoder.stdin.write(b"YUV4MPEG2 W%d H%d F%d:1 Ip A1:1 C420jpeg\n" % (WIDTH, HEIGHT, RATE))
    for number in range(pictures):
        encoder.stdin.write(b"FRAME\n" + b"".join(planes(number)))
    encoder.stdin.close()
    if encoder.wait(60) != 0:
        raise RuntimeError("mpv could not encode the film")


def picture(number):
    """What the film shows there: rows of red, green, blue (BT.601, as players take films of this size)."""
    luma, cb, cr = planes(number)
    rows = []
    for y in range(HEIGHT):
        row = bytearray()
        for x in range(WIDTH):
            half = y // 2 * (WIDTH // 2) + x // 2
            light, blue, red = (luma[y * WIDTH + x] - 16) * 255 / 219, (cb[half] - 128) * 255 / 224, (cr[half] - 128) * 255 / 224
            row += bytes(max(0, min(255, round(value))) for value in
                         (light + 1.402 * red, light - 0.344 * blue - 0.714 * red, light + 1.772 * blue))
        rows.append(bytes(row))
    return rows


def write_png(path, rows):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", len(rows[0]) // 3, len(rows), 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def framebuffer(path):
    """The one that an Xvfb writes there, or None while it has not yet."""
    if not path.exists() or path.stat().st_size < 100:
        return None
    with open(path, "r+b") as file:
        content = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    header = struct.unpack(">25I", content[:100])  # XWDFile.h
    return Framebuffer(content, header) if all(header[index] for index in (0, 4, 5, 12, 19)) else None


class Framebuffer:
    """The screen of an Xvfb that was started with -fbdir, read without disturbing anybody."""

    def __init__(self, content, header):
        self._bytes = content
        self.width, self.height, self._line = header[4], header[5], header[12]
        self._start = header[0] + header[19] * 12
        self._marks = [self._start + (TOP + BLOCK // 2) * self._line + (LEFT + bit * BLOCK + BLOCK // 2) * 4 + 1
                       for bit in range(BITS)]

    def number(self):
        """Of the picture on it; 0 as well where it is black. Never while it is being drawn."""
        while (number := self._read()) != self._read():
            pass
        return number

    def _read(self):
        return sum(1 << bit for bit, mark in enumerate(self._marks) if self._bytes[mark] > 128)

    def grab(self):
        """Its rows of red, green, blue."""
        raw = self._bytes[self._start:self._start + self.height * self._line]
        rows = []
        for y in range(self.height):
            line = raw[y * self._line:y * self._line + self.width * 4]
            row = bytearray(self.width * 3)
            row[0::3], row[1::3], row[2::3] = line[2::4], line[1::4], line[0::4]
            rows.append(bytes(row))
        return rows
