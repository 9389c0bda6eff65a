"""Uploads that break off, anywhere, and go on where they did."""

import hashlib
import os
import random
import signal
import socket
import struct
import threading
import time

from programs import DEADLINE_S, ServerTest

MIB = 2**20
SIZE = 12 * MIB
PLACES = (4 * MIB, 7 * MIB, 10 * MIB)
# What the server has not written of that: a chunk that has not come whole.
ON_ITS_WAY = 2 * MIB


class Relay:
    """A socket that passes all on to a server's, counts, and can be cut.

    Where the bytes to the server have become `stop_at` it stops, until go_on().
    """

    def __init__(self, path, target):
        self.address = f"unix:{path}"
        self.sent = 0
        self.stop_at = None
        self.stopped = threading.Event()
        self._may_go = threading.Event()
        self._target = target
        self._sockets = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self._target)
            except OSError:
                client.close()
                continue
            self._sockets += [client, server]
            for a, b, to_server in ((client, server, True),
                                    (server, client, False)):
                threading.Thread(target=self._pump, args=(a, b, to_server),
                                 daemon=True).start()

    def _pump(self, source, sink, to_server):
        try:
            while data := source.recv(65536):
                if to_server:
                    self.sent += len(data)
                    if self.stop_at is not None and self.sent >= self.stop_at:
                        self.stop_at = None
                        self.stopped.set()
                        self._may_go.wait(DEADLINE_S)
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            self._shut(end)

    @staticmethod
    def _shut(end):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def wait_until(self, sent):
        """Returns when so many more bytes have gone to the server."""
        self.stopped.clear()
        self._may_go.clear()
        self.stop_at = self.sent + sent

    def go_on(self):
        self._may_go.set()

    def cut(self):
        """Ends every connection; new ones are taken."""
        ends, self._sockets = self._sockets, []
        for end in ends:
            self._shut(end)

    def close(self):
        self._listener.close()
        self.cut()
        self.go_on()


class UploadTest(ServerTest):

    def setUp(self):
        super().setUp()
        self.start_server()
        content = (b"\0\0\x08\1" + struct.pack(">I", SIZE - 8) +
                   random.Random(4).randbytes(SIZE - 8))
        self.file = self.directory / "big.idx"
        self.file.write_bytes(content)
        self.hex = hashlib.sha256(content).hexdigest()
        self.data = self.directory / "data"
        self.relay = Relay(self.directory / "relay",
                           self.server.addresses[0].removeprefix("unix:"))
        self.addCleanup(self.relay.close)

    def put(self):
        return self.follow("--server", self.relay.address, "data", "put",
                           str(self.file))

    def put_until(self, place):
        """An upload that has come so far, and waits."""
        self.relay.wait_until(place)
        follower = self.put()
        self.assertTrue(self.relay.stopped.wait(DEADLINE_S))
        end = time.monotonic() + DEADLINE_S
        while self.received() < place - ON_ITS_WAY:
            self.assertLess(time.monotonic(), end)
            os.sched_yield()
        return follower

    def received(self):
        """The bytes that the server has written of the file."""
        return sum(part.stat().st_size
                   for part in (self.data / "uploads").iterdir())

    def check_rest(self, follower, place, since):
        """The upload ends well, and sent no more than was missing."""
        self.assertEqual(follower.lines.next(), f"datasets/{self.hex}")
        follower.process.wait(5)  # it has nothing more to do
        status, error = follower.wait()
        self.assertEqual(status, 0, error)
        # And a little for the frames around them.
        self.assertLess(self.relay.sent - since,
                        SIZE - place + ON_ITS_WAY + MIB // 4)
        self.check_stored()
        return error

    def check_stored(self):
        stored = (self.data / "files" / self.hex).read_bytes()
        self.assertEqual(hashlib.sha256(stored).hexdigest(), self.hex)
        self.assertEqual(list((self.data / "uploads").iterdir()), [])

    def kill_client(self, place):
        follower = self.put_until(place)
        follower.process.kill()
        follower.wait()
        self.relay.go_on()

    def forget(self):
        """A server without the dataset."""
        self.server.kill()
        self.data = self.directory / f"data{self.relay.sent}"
        self.start_server("--listen", self.server.addresses[0],
                          data_dir=self.data)

    def test_a_killed_client_leaves_what_the_next_one_need_not_send(self):
        for place in PLACES:
            with self.subTest(place=place):
                self.kill_client(place)
                since = self.relay.sent
                self.check_rest(self.put(), place, since)
                self.forget()

    def test_a_killed_server_is_waited_for_and_has_what_it_had(self):
        for place in PLACES:
            with self.subTest(place=place):
                follower = self.put_until(place)
                since = self.relay.sent
                address = self.server.addresses[0]
                self.server.kill()
                self.start_server("--listen", address, data_dir=self.data)
                self.relay.go_on()
                error = self.check_rest(follower, place, since)
                self.assertIn("trying again", error)
                self.assertIn("continuing big.idx", error)
                self.forget()

    def test_a_server_that_is_stopped_keeps_it_too(self):
        follower = self.put_until(PLACES[1])
        since = self.relay.sent
        address = self.server.addresses[0]
        self.assertEqual(self.server.stop(signal.SIGTERM), 0)
        self.start_server("--listen", address, data_dir=self.data)
        self.relay.go_on()
        self.check_rest(follower, PLACES[1], since)

    def test_a_cut_connection_is_made_again(self):
        for place in PLACES:
            with self.subTest(place=place):
                follower = self.put_until(place)
                since = self.relay.sent
                self.relay.cut()
                self.relay.go_on()
                self.check_rest(follower, place, since)
                self.forget()

    def test_a_part_that_was_damaged_is_sent_again(self):
        self.kill_client(PLACES[1])
        part, = (self.data / "uploads").iterdir()
        with open(part, "r+b") as file:
            file.write(b"?")
        follower = self.put()
        status, error = follower.wait()
        self.assertEqual(status, 0, error)
        self.assertIn("does not fit", error)
        self.check_stored()
