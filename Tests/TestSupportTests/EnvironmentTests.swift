import Foundation
import TestSupport
import Testing
import Torch

@Suite struct EnvironmentTests {
  @Test func aTemporaryDirectoryIsEmptyAndGoesAway() throws {
    let path = try withTemporaryDirectory { path in
      #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
      try Data([1]).write(to: URL(fileURLWithPath: path + "/file"))
      return path
    }
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func aTemporaryDirectoryGoesAwayAfterAnError() async throws {
    struct Stop: Error {}
    let path = Mutex()
    #expect(throws: Stop.self) {
      try withTemporaryDirectory {
        path.value = $0
        throw Stop()
      }
    }
    #expect(!path.value.isEmpty && !FileManager.default.fileExists(atPath: path.value))
    let later = try await withTemporaryDirectory { path in
      await Task.yield()
      #expect(FileManager.default.fileExists(atPath: path))
      return path
    }
    #expect(!FileManager.default.fileExists(atPath: later))
  }

  private final class Mutex { var value = "" }

  @Test func fixturesLieBesideTheTests() {
    #expect(Fixture.path("x.safetensors").hasSuffix("/Tests/Fixtures/x.safetensors"))
    #expect(FileManager.default.fileExists(atPath: Fixture.path("../TestSupport/Fixture.swift")))
    #expect(throws: SafetensorsError.self) { try Fixture.load("no-such-fixture.safetensors") }
  }

  @Test func aProcessGivesItsCodeAndBothOutputs() throws {
    let shell = BuiltProduct(path: "/bin/sh")
    let outcome = try shell.run(
      ["-c", "echo \"$WORD\"; pwd; echo bad >&2; exit 3"], in: "/usr", environment: ["WORD": "good"]
    )
    #expect(outcome.exitCode == 3)
    #expect(outcome.standardOutput == "good\n/usr\n")
    #expect(outcome.standardError == "bad\n")
  }

  /// A pipe holds 64 KiB: waiting before reading would hang.
  @Test func aLongOutputComesBackWhole() throws {
    let outcome = try BuiltProduct(path: "/bin/sh").run(["-c", "seq 1 50000; seq 1 50000 >&2"])
    #expect(outcome.standardOutput.hasSuffix("\n50000\n"))
    #expect(outcome.standardError == outcome.standardOutput)
  }

  @Test func aProcessThatHangsIsKilled() throws {
    let outcome = try BuiltProduct(path: "/bin/sleep").run(["60"], seconds: 0.1)
    #expect(outcome.exitCode == -9)
  }

  @Test func aMissingProductSaysWhereItShouldBe() {
    #expect {
      try BuiltProduct("no-such-product")
    } throws: {
      "\($0)".hasSuffix("/debug/no-such-product is not there: build it first (swift build)")
        || "\($0)".hasSuffix("/release/no-such-product is not there: build it first (swift build)")
    }
  }
}
