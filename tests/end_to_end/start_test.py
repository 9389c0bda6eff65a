"""How the server starts, and when it refuses to."""

import fcntl
import os
import pathlib
import select
import shutil
import signal
import socket
import stat
import subprocess

from programs import BIN, DEADLINE_S, ServerTest, children


class StartTest(ServerTest):

    def test_only_the_user_may_enter_data_and_socket(self):
        server = self.start_server()
        self.assertEqual(stat.S_IMODE(server.data_dir.stat().st_mode), 0o700)
        for name in ("steelyard.sock", "worker.sock"):
            mode = (server.data_dir / name).stat().st_mode
            self.assertTrue(stat.S_ISSOCK(mode))
            self.assertEqual(stat.S_IMODE(mode), 0o600)

    def test_with_nothing_configured_the_two_programs_meet(self):
        process = subprocess.Popen(
            [BIN / "steelyardd"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, env=self.environment, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdout.close)
        self.assertEqual(
            process.stdout.readline(),
            f"listening on unix:{self.directory}/.local/share/steelyard/"
            "steelyard.sock\n")
        self.cli("submit", self.write_spec(steps=10), "--follow")

    def test_a_second_server_on_the_same_data_is_told_who_has_them(self):
        first = self.start_server()
        second = self.daemon("--data-dir", first.data_dir)
        self.assertNotEqual(second.returncode, 0)
        self.assertEqual(second.stdout, "")
        self.assertIn(str(first.process.pid), second.stderr)
        self.cli("server")

    def test_a_drain_ends_the_workers_without_a_fault(self):
        server = self.start_server(workers=1)
        self.cli("submit", self.write_spec(steps=10), "--follow")
        self.assertEqual(server.stop(), 0)
        log = self.log.read_text()
        self.assertIn("worker_disconnected worker=local-1 why=OK", log)
        self.assertNotIn("CANCELLED", log)

    def test_a_stale_socket_is_replaced(self):
        first = self.start_server()
        first.kill()
        self.assertTrue((first.data_dir / "steelyard.sock").exists())
        self.start_server()
        self.cli("server")

    def has_open(self, process, path):
        try:
            return any(fd.readlink() == path for fd in
                       pathlib.Path(f"/proc/{process.pid}/fd").iterdir())
        except FileNotFoundError:  # one was closed meanwhile
            return False

    # A worker that is about to become one holds its dead server's lock so long.
    def test_the_lock_of_a_server_that_died_is_waited_for(self):
        gone = subprocess.Popen(["true"])
        gone.wait()
        data = self.directory / "data"
        data.mkdir(mode=0o700)
        with open(data / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            print(gone.pid, "2026-01-01T00:00:00Z", file=lock, flush=True)
            process = subprocess.Popen(
                [BIN / "steelyardd", "--data-dir", data], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, env=self.environment, text=True)
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            self.addCleanup(process.stdout.close)
            while not self.has_open(process, data / "lock"):
                self.assertIsNone(process.poll())
        self.assertIn("listening on", process.stdout.readline())

    def test_a_file_that_is_no_socket_is_left_alone(self):
        path = self.directory / "precious"
        path.write_text("keep me")
        result = self.daemon("--data-dir", self.directory / "data", "--listen",
                             f"unix:{path}")
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual(path.read_text(), "keep me")

    def test_the_path_of_a_socket_has_at_most_107_bytes(self):
        room = 107 - len(str(self.directory)) - 1
        self.start_server("--listen",
                          f"unix:{self.directory}/{'s' * room}")
        self.cli("server")
        result = self.daemon(
            "--data-dir", self.directory / "other", "--listen",
            f"unix:{self.directory}/{'s' * (room + 1)}")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("107", result.stderr)

    def test_tcp_wants_a_token_on_loopback_too(self):
        server = self.start_server("--listen", "127.0.0.1:0")
        port = int(server.addresses[0].rpartition(":")[2])
        self.assertGreater(port, 0)
        token = server.data_dir / "admin.token"
        self.assertEqual(stat.S_IMODE(token.stat().st_mode), 0o600)
        self.cli("server", status=6)
        self.cli("submit", self.write_spec(), status=6)
        self.cli("server", "--token-file", str(token))
        wrong = self.write("wrong.token", "0" * 64)
        self.cli("server", "--token-file", wrong, status=6)

    def test_tcp_beyond_loopback_does_not_start_without_tls(self):
        result = self.daemon("--data-dir", self.directory / "data", "--listen",
                             "0.0.0.0:0")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("TLS", result.stderr)

    def test_a_taken_port_is_named(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            result = self.daemon("--data-dir", self.directory / "data",
                                 "--listen", address)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn(address, result.stderr)

    def test_a_terminated_server_stops_its_workers_and_goes(self):
        server = self.start_server()
        self.submit(self.write_spec(steps=10**15))
        self.follow("watch", "last", "--json").lines.next()
        descendants = [os.pidfd_open(pid)
                       for pid in children(server.process.pid)]
        self.assertTrue(descendants)
        self.assertEqual(server.stop(signal.SIGTERM), 0)
        for end in descendants:
            # Readable once the process has ended.
            self.assertTrue(select.select([end], [], [], DEADLINE_S)[0])
            os.close(end)

    def test_no_server_ends_with_8(self):
        self.environment["STEELYARD_SERVER"] = f"unix:{self.directory}/none"
        self.cli("ls", status=8)

    def test_a_socket_of_another_account_is_said_to_be_denied(self):
        server = self.start_server()
        # Root opens every socket: it goes as another account then.  Both need
        # the program, and the way to the socket.
        program = shutil.copy(BIN / "steelyard", self.directory)
        for path in (self.directory, server.data_dir):
            path.chmod(0o711)
        other = {"user": 65534, "group": 65534} if os.geteuid() == 0 else {}
        if not other:
            (server.data_dir / "steelyard.sock").chmod(0)
        result = subprocess.run([program, "ls"], capture_output=True, text=True,
                                env=self.environment, timeout=DEADLINE_S, **other)
        self.assertEqual(result.returncode, 6, result.stderr)
        self.assertIn(server.addresses[0], result.stderr)
        self.assertIn("Permission denied", result.stderr)
        self.assertNotIn("is it running", result.stderr)

    def test_each_program_tells_its_version(self):
        for program in ("steelyard", "steelyardd", "steelyard-worker"):
            result = subprocess.run([BIN / program, "--version"],
                                    capture_output=True, text=True, check=True)
            self.assertRegex(result.stdout, r"0\.1\.0.*numerics")
