"""The true values of limits that other tests lower."""

import gzip
import json
import struct
import time

from programs import ServerTest

INVALID = 3


class TrueLimitsTest(ServerTest):

    def test_a_file_inflates_to_8_gib_and_no_more(self):
        self.start_server()
        # 9 GiB of zeros as nine members of 1 GiB.
        path = self.directory / "x-idx3-ubyte.gz"
        with open(path, "wb") as file:
            file.write(gzip.compress(
                struct.pack(">IIII", 0x803, 9, 2**15, 2**15)))
            member = gzip.compress(bytes(2**30), compresslevel=1)
            for _ in range(9):
                file.write(member)
        # Whether the command line waits for the verdict (60 s) is the machine's
        # affair.
        put = self.follow("data", "put", str(path), "--name", "bomb")
        self.assertIn(put.process.wait(300), (0, INVALID))
        end = time.monotonic() + 600
        dataset = {}
        while dataset.get("state") != "DATASET_STATE_REJECTED":
            self.assertLess(time.monotonic(), end, dataset)
            dataset = json.loads(
                self.cli("data", "show", "bomb", "--json").stdout)
        self.assertIn(str(8 * 2**30), dataset["rejection"])
