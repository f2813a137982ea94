import Experiments
import Foundation
import TestSupport
import Testing
import Torch
import Training

/// Training that is killed goes on from its last epoch and ends with the same bits.
@Suite struct InterruptionTests {
  static let line =
    "train \(Workplace.data) \(Workplace.network) --batch-size 8 --epochs 12 --crop 1 "
    + "--deflation fast --seed 5"

  /// Everything that must not depend on where the run was cut.
  private struct Outcome {
    let tensors: [String: [Double]]
    let epochs: [[Double]]
    let curve: [CurvePoint]

    init(_ file: String) throws {
      let checkpoint = try Checkpoint<RunManifest>(contentsOf: file)
      tensors = Dictionary(
        uniqueKeysWithValues: try Safetensors.read(from: file).tensors.map {
          ($0.name, $0.tensor.scalars(of: Double.self))
        })
      epochs = checkpoint.manifest.history.map {
        [$0.loss, $0.accuracy, $0.spikeRate, Double($0.images)]
      }
      curve = checkpoint.manifest.curve
    }
  }

  @Test(arguments: [SIGINT, SIGKILL])
  func `a run that is interrupted resumes to the same bits`(signal: Int32) throws {
    try Workplace.with { place in
      let file = place.path("cut/checkpoint.safetensors")
      let killed = try place.run(
        Self.line + " --out cut",
        interruption: .init(signal) { FileManager.default.fileExists(atPath: file) })
      #expect(killed.exitCode == -Int(signal))
      #expect(killed.standardOutput == "" && !place.has("cut/results.json"))
      let done = try Checkpoint<RunManifest>(contentsOf: file).manifest.history.count
      #expect((1..<12).contains(done), "the run was not cut in its middle")

      try place.succeed(Self.line + " --out cut --resume")
      try place.succeed(Self.line + " --out whole")
      let whole = try Outcome(place.path("whole/checkpoint.safetensors"))
      let resumed = try Outcome(file)
      let names = Set(resumed.tensors.keys).union(whole.tensors.keys)
      #expect(names.filter { resumed.tensors[$0] != whole.tensors[$0] }.isEmpty)
      #expect(names.contains { $0.hasPrefix("optimizer.momentum.") })
      #expect(resumed.epochs == whole.epochs && whole.epochs.count == 12)
      #expect(resumed.curve == whole.curve)
      let results = try place.json("cut/results.json", as: TrainCommandTests.Record.self)
      #expect(results.manifest.history.count == 12)
    }
  }
}
