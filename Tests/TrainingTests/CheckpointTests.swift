import Foundation
import Layers
import Models
import Spiking
import Optimization
import TestSupport
import Testing
import Torch

@testable import Training

/// Checkpoints: what comes back, what is refused, and what a failed write leaves.
@Suite struct CheckpointTests {
  struct Note: Codable, Sendable, Equatable {
    struct Part: Codable, Sendable, Equatable { var steps: Int }
    enum Kind: String, Codable, Sendable { case vgg5 }
    var text: String
    var value = 0.1
    var part = Part(steps: 4)
    var kind = Kind.vgg5
  }

  private func checkpoint(_ text: String = "τ = 1.1, \"quoted\"\n", value: Double = 0.1) throws
    -> Checkpoint<Note>
  {
    var run = TinyTask.run(seed: 2, deflating: true, epochs: 1)
    try run.trainQuietly()
    return Checkpoint(
      weights: run.step.network.weights, optimizerState: run.step.optimizer.state,
      manifest: Note(text: text, value: value))
  }

  @Test func `all of it comes back, bit for bit`() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/a.safetensors"
      let written = try checkpoint()
      try written.write(to: path)
      let read = try Checkpoint<Note>(contentsOf: path)
      #expect(read.weights.isIdentical(to: written.weights.map { $0.detached() }))
      #expect(read.optimizerState.isIdentical(to: written.optimizerState))
      #expect(!read.optimizerState.isEmpty && read.weights["layer1.1.running_mean"] != nil)
      #expect(read.manifest == written.manifest)
      // Weights stand under their own names, so that any tool finds them.
      let names = try Safetensors.read(from: path).tensors.names
      #expect(Set(written.weights.names).isSubset(of: names))
      #expect(try files(in: folder) == ["a.safetensors"])
    }
  }

  @Test func `the same content gives the same bytes`() throws {
    try withTemporaryDirectory { folder in
      for name in ["a", "b"] { try checkpoint().write(to: "\(folder)/\(name)") }
      let (a, b) = (contents("\(folder)/a"), contents("\(folder)/b"))
      #expect(a != nil && a == b)
    }
  }

  /// In another process, because the limit is on all of its files.
  @Test func `a write that the disk cuts off leaves the old file and no other`() async {
    await #expect(processExitsWith: .success) {
      try withTemporaryDirectory { folder in
        let path = folder + "/a.safetensors"
        try Checkpoint(weights: ["w": Tensor([Float(1)])], manifest: ["old"]).write(to: path)
        let old = try Data(contentsOf: URL(fileURLWithPath: path))
        signal(SIGXFSZ, SIG_IGN)
        var limit = rlimit(rlim_cur: 4096, rlim_max: .max)
        try #require(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
        let large = Checkpoint(weights: ["w": Tensor.ones([100_000])], manifest: ["new"])
        #expect(throws: SafetensorsError.self) { try large.write(to: path) }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == old)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.safetensors"])
      }
    }
  }

  @Test func `a manifest that cannot be written leaves the old file`() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/a.safetensors"
      try checkpoint().write(to: path)
      let old = contents(path)
      // JSON has no NaN.
      #expect(throws: EncodingError.self) { try checkpoint(value: .nan).write(to: path) }
      #expect(contents(path) == old)
      #expect(try files(in: folder) == ["a.safetensors"])
    }
  }

  @Test func `a truncated checkpoint is a damaged safetensors file`() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/a.safetensors"
      try checkpoint().write(to: path)
      let whole = try #require(contents(path))
      for length in [0, 7, 8, 100, whole.count / 2, whole.count - 1] {
        try whole.prefix(length).write(to: URL(fileURLWithPath: path))
        #expect(throws: SafetensorsError.self, "\(length) bytes") {
          try Checkpoint<Note>(contentsOf: path)
        }
      }
    }
  }

  @Test func `files without a manifest, or with another's, are refused in one sentence`() throws {
    let good = #"{"text":"","value":0.1,"part":{"steps":4},"kind":"vgg5"}"#
    let unreadable = { (reason: String) in
      "PATH: the manifest cannot be read (\(reason)); it was written by another version, or changed "
        + "since: use the file's weights with --weights"
    }
    let bare =
      "PATH: expected a checkpoint with a manifest, found bare weights; use --weights with --model, "
      + "--classes and --head instead"
    let ours = "spikeguard-checkpoint"
    let rows: [([String: String], String)] = [
      ([:], bare), (["format": "pt"], bare), (["format": ours], bare),
      (["format": "pt", "manifest": good], bare),
      (["format": ours, "manifest": "{"], unreadable("it is not JSON")),
      (
        ["format": ours, "manifest": good.replacing("\"text\":\"\",", with: "")],
        unreadable("no value for 'text'")
      ),
      (
        ["format": ours, "manifest": good.replacing("{\"steps\":4}", with: "{}")],
        unreadable("no value for 'part.steps'")
      ),
      (
        ["format": ours, "manifest": good.replacing("4", with: "\"four\"")],
        unreadable("a value of another type for 'part.steps'")
      ),
      (
        ["format": ours, "manifest": good.replacing("vgg5", with: "vgg6")],
        unreadable("an unknown value for 'kind'")
      ),
    ]
    try withTemporaryDirectory { folder in
      let path = folder + "/a.safetensors"
      for (metadata, text) in rows {
        let tensors: NamedTensors = ["w": Tensor([Float(1)])]
        var sealed = metadata
        sealed["sha256"] = metadata["manifest"].map {
          Checkpoint<Note>.digest(of: tensors, manifest: $0)
        }
        try Safetensors.write(tensors, metadata: sealed, to: path)
        let error = #expect(throws: CheckpointError.self, "\(metadata)") {
          try Checkpoint<Note>(contentsOf: path)
        }
        #expect(error?.description.replacing(path, with: "PATH") == text)
      }
    }
  }

  /// The format alone would let each of these pass.
  @Test func `one flipped bit, in a tensor or the manifest, is found`() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/a.safetensors"
      try checkpoint("text to change").write(to: path)
      let whole = try #require(contents(path))
      let text = try #require(whole.range(of: Data("text to".utf8)))
      for place in [whole.count - 1, whole.count - 5000, text.lowerBound] {
        var damaged = whole
        damaged[place] ^= 1
        try damaged.write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: CheckpointError.self, "byte \(place)") {
          try Checkpoint<Note>(contentsOf: path)
        }
        guard case .damaged(path, let expected, let found) = error else {
          Issue.record("\(String(describing: error))")
          continue
        }
        #expect(expected.count == 64 && found.count == 64 && expected != found)
      }
    }
  }

  private func contents(_ path: String) -> Data? { FileManager.default.contents(atPath: path) }
  private func files(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder)
  }
}
