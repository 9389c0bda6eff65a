"""A file that was cut short is refused with the place, or is the shorter file that is
left; the server goes on.  tests/training/data/cut_files_test.cc cuts at many places.
"""

import gzip
import json
import random
import struct
import subprocess

from programs import BIN, ServerTest

INVALID = 3
CUTS = 4
PLACE = r"(row|line|record|offset) \d+"


def csv_file(source):
    return b"x1,x2,y\n" + b"".join(
        b"%.3f,%d,%d\n" % (source.gauss(0, 9), i, i % 2) for i in range(50))


def idx_file(source):
    return struct.pack(">IIII", 0x00000803, 40, 3, 5) + source.randbytes(600)


def npy_file(source):
    literal = b"{'descr': '|u1', 'fortran_order': False, 'shape': (40, 15), }\n"
    return (b"\x93NUMPY\x01\x00" + struct.pack("<H", len(literal)) + literal +
            source.randbytes(600))


def cifar_file(source):
    return b"".join(bytes([i]) + source.randbytes(3072) for i in range(4))


# What makes a file, and how many rows are left of it where that is a file too.
FORMS = {"t.csv": (csv_file, lambda left: left.count(b"\n") - left.endswith(b"\n")),
         "x-idx3-ubyte": (idx_file, None),
         "x.npy": (npy_file, None),
         "data_batch_1.bin": (cifar_file, lambda left: len(left) // 3073)}


class CutFilesTest(ServerTest):

    def put(self, name, content):
        path = self.directory / name
        path.write_bytes(content)
        return subprocess.run(
            [BIN / "steelyard", "data", "put", path], capture_output=True,
            text=True, stdin=subprocess.DEVNULL, env=self.environment, timeout=60)

    def check(self, name, left, rows):
        result = self.put(name, left)
        if result.returncode == 0 and rows:
            shown = json.loads(self.cli(
                "data", "show", result.stdout.strip(), "--json").stdout)
            self.assertEqual(int(shown["summary"]["shape"][0]), rows(left))
        else:
            self.assertEqual(result.returncode, INVALID, result.stderr)
            self.assertRegex(result.stderr, PLACE)

    def test_a_cut_file_is_refused_with_the_place_or_is_shorter(self):
        self.start_server()
        seed = random.randrange(2**32)
        print(f"seed {seed}")
        source = random.Random(seed)
        self.check("one_batch.bin", cifar_file(source)[:2 * 3073],
                   FORMS["data_batch_1.bin"][1])
        for name, (make, rows) in FORMS.items():
            whole = make(source)
            packed = gzip.compress(whole)
            for _ in range(CUTS):
                self.check(name, whole[:source.randrange(1, len(whole))], rows)
                self.check(name + ".gz",
                           packed[:source.randrange(1, len(packed))], None)
            result = self.put(name, whole)
            self.assertEqual(result.returncode, 0, result.stderr)
