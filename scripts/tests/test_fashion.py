"""Fashion-MNIST from a server of ours, a folder, or the system's package."""
import contextlib
import hashlib
import http.server
import threading
from unittest import mock

from support import Case

from bootstrap_lib import fashion, system


class Server(http.server.BaseHTTPRequestHandler):
    """Serves `answers`: path to (announced length, body)."""

    answers = {}
    asked = []

    def do_GET(self):
        self.asked.append(self.path)
        length, body = self.answers.get(self.path, (None, None))
        if body is None:
            return self.send_error(404)
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        with contextlib.suppress(OSError):  # the client may hang up on too much
            self.wfile.write(body)

    def log_message(self, *_):
        pass


class Data(Case):
    def setUp(self):
        super().setUp()
        self.bodies = {"a.gz": b"A" * 200_000, "b.gz": b"B" * 70}
        self.files = [fashion.File(name, len(body), hashlib.sha256(body).hexdigest()) for name, body in self.bodies.items()]
        self.replace(fashion, "FILES", self.files)
        self.replace(fashion, "SYSTEM_FOLDER", self.dest / "nowhere")
        self.replace(fashion.time, "sleep", lambda seconds: None)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        Server.answers = {"/" + name: (len(body), body) for name, body in self.bodies.items()}
        Server.asked = []
        self.environment(
            SPIKEGUARD_FASHION_MNIST_URL=f"http://127.0.0.1:{self.server.server_address[1]}/", no_proxy="127.0.0.1"
        )
        self.folder = self.dest / "data/fashion-mnist"

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())

    def test_downloads_once(self):
        self.assertIsNone(fashion.set_up(self.dest, False))
        self.assertEqual(self.names(), ["a.gz", "b.gz"])
        self.assertEqual((self.folder / "a.gz").read_bytes(), self.bodies["a.gz"])
        self.assertIsNone(fashion.set_up(self.dest, False))
        self.assertEqual(Server.asked, ["/a.gz", "/b.gz"])

    def test_says_to_the_tests_that_the_data_could_not_be_had(self):
        missing = self.dest / "data/fashion-mnist.missing"
        Server.answers["/b.gz"] = (None, None)
        warning = fashion.set_up(self.dest, False)
        self.assertEqual(missing.read_text(encoding="utf-8"), warning + "\n")
        Server.answers["/b.gz"] = (70, self.bodies["b.gz"])
        self.assertIsNone(fashion.set_up(self.dest, False))
        self.assertFalse(missing.exists())

    def test_from_a_folder(self):
        shelf = self.dest.parent / "shelf"
        shelf.mkdir()
        for name, body in self.bodies.items():
            (shelf / name).write_bytes(body)
        self.environment(SPIKEGUARD_FASHION_MNIST_URL=shelf.as_uri())
        self.assertIsNone(fashion.set_up(self.dest, False))

    def bad(self, name, answer, cause):
        Server.answers["/" + name] = answer
        warning = fashion.set_up(self.dest, False)
        self.assertIn(cause, warning)
        self.assertIn("remedy: ", warning)
        self.assertIn("SPIKEGUARD_FASHION_MNIST_URL", warning)
        self.assertNotIn(name, self.names())
        self.assertFalse(any(path.endswith(".part") for path in self.names()))
        self.assertEqual(Server.asked.count("/" + name), fashion.ATTEMPTS)

    def test_wrong_content(self):
        self.bad("a.gz", (200_000, b"x" * 200_000), "has the wrong content")

    def test_cut_off(self):
        self.bad("a.gz", (200_000, b"A" * 1000), "1,000 of 200,000 bytes")

    def test_too_long(self):
        self.bad("a.gz", (10**8, b"A" * 400_000), "is longer than it should be")

    def test_not_there(self):
        self.bad("a.gz", (None, None), "404")

    def test_goes_on_where_it_stopped(self):
        self.bad("b.gz", (70, b"B" * 10), "was cut off")
        self.assertEqual(self.names(), ["a.gz"])
        Server.answers["/b.gz"] = (70, self.bodies["b.gz"])
        self.assertIsNone(fashion.set_up(self.dest, False))
        self.assertEqual(Server.asked.count("/a.gz"), 1)

    def test_nobody_answers(self):
        self.server.shutdown()
        self.server.server_close()
        self.assertIn("Connection refused", fashion.set_up(self.dest, False))

    def test_interrupted(self):
        with mock.patch.object(fashion, "receive", side_effect=KeyboardInterrupt), self.assertRaises(KeyboardInterrupt):
            fashion.set_up(self.dest, False)
        self.assertEqual(self.names(), [])

    def test_disk_full_is_no_network_error(self):
        full = OSError(28, "No space left on device")
        with mock.patch.object(fashion.hashlib, "sha256", side_effect=full), self.assertRaises(OSError):
            fashion.set_up(self.dest, False)

    def test_package_first(self):
        installed = []
        self.replace(system, "can_install", lambda: True)
        self.replace(system, "install", lambda packages: installed.extend(packages) or "E: Unable to locate package")
        self.assertIsNone(fashion.set_up(self.dest, True))
        self.assertEqual(installed, ["dataset-fashion-mnist"])
        self.assertIn("downloading the official files", self.output.getvalue())

    def test_the_systems_own(self):
        for file in self.files:
            (self.dest / "nowhere").mkdir(exist_ok=True)
            (self.dest / "nowhere" / file.name).write_bytes(b"")
        self.assertIsNone(fashion.set_up(self.dest, True))
        self.assertEqual(Server.asked, [])
