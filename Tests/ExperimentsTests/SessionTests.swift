import Datasets
import Foundation
import TestSupport
import Testing
import Torch

@testable import Experiments
@testable import Training

/// A run's ends and seams: stops in an evaluation, last words that were not said, settings that are refused.
@Suite struct SessionTests {
  private func dataset(_ count: Int, seed: UInt64 = 3) throws -> ImageDataset {
    try ImageDataset(
      [
        "images": randomTensor([count, 1, 8, 8], seed: seed).sigmoid(),
        "labels": Tensor((0..<count).map { Int64($0 % 3) }),
      ], from: "made up", name: "tiny", split: .train)
  }

  private func job(_ change: (inout RunConfiguration) -> Void = { _ in }) throws -> TrainingJob {
    var settings = RunConfiguration()
    settings.network.width = 0.125
    settings.network.steps = 2
    settings.training.epochs = 3
    settings.training.batchSize = 8
    settings.training.cropPadding = nil
    change(&settings)
    return try settings.job(
      on: RunDatasets(training: dataset(20), validation: dataset(9), test: dataset(600, seed: 4)))
  }

  private func weights(_ folder: RunFolder, _ slot: CheckpointStore.Slot) throws -> NamedTensors {
    try Checkpoint<RunManifest>(contentsOf: folder.checkpoints.path(slot)).weights
  }

  private func same(_ a: NamedTensors, _ b: NamedTensors) -> Bool {
    a.names == b.names && a.names.allSatisfy { a[$0]!.isIdentical(to: b[$0]!) }
  }

  /// 600 test images are three batches of an evaluation, so the wish to stop comes in its middle.
  @Test func `a run that is stopped in an evaluation loses no step and no evaluation`() throws {
    try withTemporaryDirectory { path in
      let whole = try RunFolder(path + "/whole")
      let job = try job()
      let reference = try job.run(in: whole)
      let cut = try RunFolder(path + "/cut")
      var steps = 0
      var asked = 0
      let stopped = try job.run(
        in: cut,
        shouldStop: {
          // After the epoch's three steps: asked in the validation, then in the test.
          asked += steps == 3 ? 1 : 0
          return asked == 3
        }
      ) { event in if case .progress(let progress) = event { steps = progress.stepsDone } }
      #expect(!stopped.isFinished && stopped.manifest.history.count == 1)
      #expect(stopped.manifest.session.isEpochOpen)
      #expect(try RunRecord(contentsOf: cut).status == .stopped)

      let resumed = try job.run(in: cut, .resume)
      #expect(resumed.isFinished)
      #expect(resumed.manifest.session.evaluations == reference.manifest.session.evaluations)
      #expect(resumed.manifest.session.best == reference.manifest.session.best)
      for slot in [CheckpointStore.Slot.last, .best] {
        #expect(same(try weights(cut, slot), try weights(whole, slot)), "\(slot)")
      }
    }
  }

  @Test func `a run that was killed before its last words says them when it is resumed`() throws {
    try withTemporaryDirectory { path in
      let folder = try RunFolder(path + "/run")
      let job = try job { $0.training.epochs = 1 }
      _ = try job.run(in: folder)
      let results = try Data(contentsOf: URL(fileURLWithPath: folder.results))
      var record = try RunRecord(contentsOf: folder)
      record.status = .running
      try record.write(to: folder)
      for file in [folder.results, folder.checkpoints.path(.best)] {
        try FileManager.default.removeItem(atPath: file)
      }
      #expect(try job.run(in: folder, .resume).isFinished)
      #expect(try Data(contentsOf: URL(fileURLWithPath: folder.results)) == results)
      let after = try RunRecord(contentsOf: folder)
      #expect(after.status == .finished && after.resumed.count == 1)
      #expect(after.started == record.started && after.command == record.command)
      // The only epoch is the best.
      #expect(same(try weights(folder, .best), try weights(folder, .last)))
    }
  }

  @Test func `a run that left no checkpoint begins, with one event file, and says so`() throws {
    try withTemporaryDirectory { path in
      let folder = try RunFolder(path + "/run")
      let job = try job { $0.training.epochs = 1 }
      _ = try job.run(in: folder)
      for slot in CheckpointStore.Slot.allCases where folder.checkpoints.has(slot) {
        try FileManager.default.removeItem(atPath: folder.checkpoints.path(slot))
      }
      var said = false
      _ = try job.run(
        in: folder, .resume, onEvent: { if case .nothingToResume = $0 { said = true } })
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(said && names.count { $0.hasPrefix("events.out.tfevents.") } == 1)
    }
  }

  @Test func `an event file that is gone is begun anew, and that is said`() throws {
    try withTemporaryDirectory { path in
      let folder = try RunFolder(path + "/run")
      let job = try job()
      var steps = 0
      _ = try job.run(in: folder, shouldStop: { steps == 2 }) {
        if case .progress(let progress) = $0 { steps = progress.stepsDone }
      }
      for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
      where name.hasPrefix("events.out.tfevents.") {
        try FileManager.default.removeItem(atPath: folder.output.file(name))
      }
      var notes: [String] = []
      _ = try job.run(
        in: folder, .resume, onEvent: { if case .resumed(let how) = $0 { notes = how.notes } })
      #expect(notes.count == 1 && notes[0].contains("a new event file begins"))
    }
  }

  /// What replaces a run is checked to the end before the run goes.
  @Test func `settings that are refused cost nothing that is there`() throws {
    try withTemporaryDirectory { path in
      let folder = try RunFolder(path + "/run")
      _ = try job { $0.training.epochs = 1 }.run(in: folder)
      let before = try weights(folder, .last)
      #expect(throws: UsageError.self) {
        try job { $0.training.exposure.foreign = .clean }.run(in: folder, .replace)
      }
      #expect(throws: UsageError.self) { try job().run(in: folder) }
      #expect(same(try weights(folder, .last), before))
      #expect(FileManager.default.fileExists(atPath: folder.results))
      _ = try job {
        $0.training.epochs = 1; $0.training.seed = 5
      }.run(in: folder, .replace)
      #expect(!same(try weights(folder, .last), before))
    }
  }

  @Test func `ε is written as a fraction only where it is read back as the same number`() {
    for (number, text) in [
      (2.0 / 255, "2/255"), (0.25 / 255, "0.25/255"), (0.0078431372549, "0.0078431372549"),
      (0.01, "0.01"), (0.0, "0"), (1.0, "255/255"),
    ] {
      #expect(PixelText.text(number) == text)
      #expect(PixelText.value(text) == number)
    }
  }
}
