import Datasets
import Foundation
import Layers
import TestSupport
import Testing
import Torch
import Training

@testable import Experiments

/// Damaged manifests and checkpoints: a typed error or the very content that was written, never a crash.
@Suite struct ManifestFuzzTests {
  private static func checkpoint() throws -> Checkpoint<RunManifest> {
    let manifest = try ReportSamples.manifest(.fast, seed: 1)
    return Checkpoint(
      weights: ["layer.weight": randomTensor([3, 5], seed: 1)],
      optimizerState: ["momentum.layer.weight": randomTensor([3, 5], seed: 2)], manifest: manifest)
  }

  @Test func `checkpoints`() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/c.safetensors"
      let good = try Self.checkpoint()
      try good.write(to: path)
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      for seed in 0..<UInt64(Mutations.count) {
        let damaged = Mutations.of(bytes, seed: seed)
        try Data(damaged).write(to: URL(fileURLWithPath: path))
        do {
          let read = try Checkpoint<RunManifest>(contentsOf: path)
          // Only damage that says nothing, as of a space in the header, may pass.
          #expect(read.manifest == good.manifest, "seed \(seed)")
          #expect(
            read.weights["layer.weight"]?.isIdentical(to: good.weights["layer.weight"]!) == true,
            "seed \(seed)")
        } catch {
          #expect(error is SafetensorsError || error is CheckpointError, "seed \(seed): \(error)")
          #expect("\(error)".contains(path), "seed \(seed): \(error)")
        }
      }
    }
  }

  @Test func `run records and logs`() throws {
    try withTemporaryDirectory { path in
      let folder = try RunFolder(path)
      let dataset = try ImageDataset(
        ["images": .zeros([2, 1, 4, 4]), "labels": Tensor([0, 1] as [Int64])], from: "made up",
        name: "tiny", split: .train)
      let record = RunRecord(
        RunConfiguration(), RunDatasets(training: dataset), stepsInAll: 7)
      try record.write(to: folder)
      let manifest = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.manifest)))
      let log = Array(
        """
        {"event":"epoch","epoch":1,"loss":0.5,"seconds":2.5}
        {"epoch":1,"event":"evaluation","part":"test","score":{"accuracy":0.5,"correct":1,"high":1,"low":0,"total":2}}

        """.utf8)
      for seed in 0..<UInt64(Mutations.count) {
        try Data(Mutations.of(manifest, seed: seed)).write(
          to: URL(fileURLWithPath: folder.manifest))
        try Data(Mutations.of(log, seed: seed)).write(to: URL(fileURLWithPath: folder.metrics))
        // A folder that cannot be read is no run; what is read has a recipe to be grouped by.
        for run in RunSummary.all(below: path) { #expect(!run.recipe.isEmpty) }
      }
    }
  }
}
