"""The checks of the machine: platform, Swift, the C++ library, zlib and libcrypto."""
from support import Case

from bootstrap_lib import host


class Platform(Case):
    def test_this_kind_is_supported(self):
        self.replace(host.platform, "system", lambda: "Linux")
        self.replace(host.platform, "machine", lambda: "x86_64")
        self.replace(host, "glibc_version", lambda: (2, 36))
        self.assertEqual(host.check_platform(), "Linux on x86_64")

    def test_others_are_named(self):
        for name, machine in (("Darwin", "arm64"), ("Linux", "aarch64"), ("Windows", "AMD64")):
            self.replace(host.platform, "system", lambda: name)
            self.replace(host.platform, "machine", lambda: machine)
            self.assertIn(f"unsupported platform: {name} on {machine}", self.problem(host.check_platform))

    def test_c_library(self):
        self.replace(host.platform, "system", lambda: "Linux")
        self.replace(host.platform, "machine", lambda: "x86_64")
        self.replace(host, "glibc_version", lambda: (2, 27))
        self.assertIn("needs glibc 2.28 or newer; this system has glibc 2.27", self.problem(host.check_platform))
        self.replace(host, "glibc_version", lambda: None)
        self.assertIn("another C library", self.problem(host.check_platform))


class Swift(Case):
    def test_versions(self):
        for text, version in (
            ("Swift version 6.3.1 (swift-6.3.1-RELEASE)\nTarget: x86_64-unknown-linux-gnu", (6, 3, 1)),
            ("swift-driver version: 1.115 Apple Swift version 6.0.3 (swiftlang-6.0.3.1.10)", (6, 0, 3)),
            ("Swift version 6.4-dev (LLVM 1234, Swift 5678)", (6, 4)),
            ("Swift version 10.0 (x)", (10, 0)),
            ("OpenStack client 3.2", None),
        ):
            self.assertEqual(host.parse_swift_version(text), version)

    def test_new_enough(self):
        for version in ("6.3", "6.3.1", "6.10", "7.0.1"):
            self.command("swift", f"echo 'Swift version {version} (x)'")
            self.assertEqual(host.version_text(host.check_swift()), version)

    def test_too_old(self):
        self.command("swift", "echo 'Swift version 6.2.4 (swift-6.2.4-RELEASE)'")
        message = self.problem(host.check_swift)
        self.assertIn("is Swift 6.2.4; Swift 6.3 or newer is needed", message)
        self.assertIn("swift.org/install", message)

    def test_missing(self):
        self.replace(host.shutil, "which", lambda name: None)
        self.assertIn("no Swift on PATH", self.problem(host.check_swift))

    def test_broken(self):
        self.command("swift", "echo 'libncurses.so.6: cannot open' >&2; exit 127")
        message = self.problem(host.check_swift)
        self.assertIn("tells no version", message)
        self.assertIn("libncurses", message)


class MissingPackages(Case):
    def probe(self, script):
        clang = self.command("clang++", script)
        self.replace(host, "swift_clang", lambda: str(clang))
        self.replace(host, "has_pip", lambda: True)
        return host.missing_packages()[0]

    def test_probe_names_what_is_missing(self):
        script = 'test "$1" = -v && echo "Selected GCC installation: /usr/lib/gcc/x/12 " >&2; exit 1'
        self.assertEqual(self.probe(script), ["libstdc++-12-dev", "zlib1g-dev", "libssl-dev"])

    def test_probe_finds_a_library_alone(self):
        self.assertEqual(self.probe("! grep -q zlib"), ["zlib1g-dev"])
        self.assertEqual(self.probe("! grep -q openssl"), ["libssl-dev"])

    def test_probe_finds_the_cxx_library_alone(self):
        # Headers of the others are there, but nothing links: only -E can succeed.
        script = 'test "$1" = -v && echo "Selected GCC installation: /usr/lib/gcc/x/12 " >&2\n' 'case "$*" in *-E*) exit 0;; esac; exit 1'
        self.assertEqual(self.probe(script), ["libstdc++-12-dev"])

    def test_headers_without_a_library_to_link_with(self):
        self.assertEqual(self.probe('case "$*" in *-lcrypto*) exit 1;; esac'), ["libssl-dev"])

    def test_something_else_is_wrong(self):
        """Each alone compiles and all together do not: no package is known to help, so all are named."""
        self.assertEqual(self.probe('case "$*" in *-lz*-lcrypto*) exit 1;; esac'), ["zlib1g-dev", "libssl-dev"])

    def test_this_machine_has_all(self):
        """The real compiler, on a machine that builds Spikeguard."""
        if host.swift_clang() is None:
            self.skipTest("no Swift here")
        self.assertLessEqual(set(host.missing_packages()[0]), {"python3-pip"})
