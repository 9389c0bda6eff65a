"""The batches of training/batch_order.h, made without the library."""

WORD = 2**64 - 1


def hash64(text):
    """training/hash64.h, of a text."""
    value = 0
    words = [len(text)] + [int.from_bytes(text[i:i + 8], "little")
                           for i in range(0, len(text), 8)]
    for word in words:
        value = (value ^ word) * 0x9e3779b97f4a7c15 & WORD
        value = (value ^ value >> 32) * 0xd6e8feb86659fd93 & WORD
        value ^= value >> 32
    return value


def philox(counter, key):
    """Philox4x64-10 (Salmon, Moraes, Dror, Shaw, SC 2011)."""
    (a, b, c, d), (k, l) = counter, key
    for _ in range(10):
        low, high = a * 0xd2e7470ee14c6c93, c * 0xca5a826395121157
        a, b, c, d = high >> 64 ^ b ^ k, high & WORD, low >> 64 ^ d ^ l, low & WORD
        k, l = k + 0x9e3779b97f4a7c15 & WORD, l + 0xbb67ae8584caa73b & WORD
    return a, b, c, d


def below(bound, words):
    """0 ... bound - 1, each exactly as likely."""
    for bits in words:
        if bits >= 2**64 % bound:
            return bits % bound


def order(rows, seed, epoch):
    """The rows in the order of one epoch."""
    def draw():
        block = 0
        while True:
            yield from philox((block, epoch, 0, 0), (seed, hash64(b"order of rows")))
            block += 1
    words = draw()
    rows = list(range(rows))
    for i in range(len(rows) - 1, 0, -1):
        j = below(i + 1, words)
        rows[i], rows[j] = rows[j], rows[i]
    return rows


def batches(rows, size, keep_last, seed):
    """The rows of each step's batch, without end; size 0: all rows."""
    epoch = 0
    while True:
        if size == 0:
            yield list(range(rows))
            continue
        mixed = order(rows, seed, epoch)
        end = rows if keep_last else rows - rows % size
        for first in range(0, end, size):
            yield mixed[first:min(first + size, end)]
        epoch += 1
