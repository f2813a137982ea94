import Datasets
import Foundation
import TestSupport
import Testing
import Torch
import Training

@testable import Experiments

/// Damaged manifests, logs and checkpoints: a typed error or what the file says, never a crash.
@Suite(.timeLimit(.minutes(30))) struct ManifestFuzzTests {
  private static func checkpoint() throws -> Checkpoint<RunManifest> {
    let manifest = try ReportSamples.manifest(.fast, seed: 1)
    return Checkpoint(
      weights: ["layer.weight": randomTensor([3, 5], seed: 1)],
      optimizerState: ["momentum.layer.weight": randomTensor([3, 5], seed: 2)], manifest: manifest)
  }

  @Test func `a damaged checkpoint is refused, or is the very one`() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/c.safetensors"
      let good = try Self.checkpoint()
      try good.write(to: path)
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      var (refused, accepted) = (0, 0)
      for seed in 0..<UInt64(Mutations.count) {
        try Data(Mutations.of(bytes, seed: seed)).write(to: URL(fileURLWithPath: path))
        do {
          let read = try bounded("seed \(seed)") { try Checkpoint<RunManifest>(contentsOf: path) }
          accepted += 1
          #expect(read.manifest == good.manifest, "seed \(seed)")
          for (found, expected) in [
            (read.weights, good.weights), (read.optimizerState, good.optimizerState),
          ] {
            #expect(found.names == expected.names, "seed \(seed)")
            for (name, tensor) in expected {
              #expect(found[name]?.isIdentical(to: tensor) == true, "seed \(seed): \(name)")
            }
          }
        } catch {
          refused += 1
          #expect(error is SafetensorsError || error is CheckpointError, "seed \(seed): \(error)")
          #expect("\(error)".contains(path), "seed \(seed): \(error)")
        }
      }
      // Nearly every bit counts: not many of some hundred mutants may say nothing.
      #expect(refused > Mutations.count / 2, "refused \(refused), accepted \(accepted)")
    }
  }

  // MARK: Records

  private static func record() throws -> RunRecord {
    let dataset = try ImageDataset(
      ["images": .zeros([2, 1, 4, 4]), "labels": Tensor([0, 1] as [Int64])], from: "made up",
      name: "tiny", split: .train)
    return RunRecord(RunConfiguration(), RunDatasets(training: dataset), stepsInAll: 7)
  }

  @Test func `a damaged record is refused, or read as it stands in the file`() throws {
    try withTemporaryDirectory { path in
      let folder = try RunFolder(path)
      try Self.record().write(to: folder)
      let original = try RunRecord(contentsOf: folder)
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.manifest)))
      var (refused, accepted, changed) = (0, 0, 0)
      for seed in 0..<UInt64(Mutations.count) {
        let damaged = Data(Mutations.of(bytes, seed: seed))
        try damaged.write(to: URL(fileURLWithPath: folder.manifest))
        do {
          let read = try bounded("seed \(seed)") {
            try RunSummary(folder).record
          }
          accepted += 1
          if read != original { changed += 1 }
          // No checksum guards it: what differs must stand in the file, at its place.
          let difference = try Self.difference(of: read.json(), from: damaged)
          #expect(difference == nil, "seed \(seed)")
        } catch let error as RunFileError {
          refused += 1
          // A record that says another number of steps does not fit the log.
          #expect(
            error.path == folder.manifest || error.path == folder.metrics, "seed \(seed): \(error)")
        }
      }
      #expect(refused > Mutations.count / 4, "refused \(refused), accepted \(accepted)")
      #expect(accepted > 0 && changed <= accepted, "accepted \(accepted), changed \(changed)")
    }
  }

  private static func difference(of read: Data, from file: Data) throws -> String? {
    try difference(
      JSONSerialization.jsonObject(with: read), JSONSerialization.jsonObject(with: file))
  }

  /// The first place where a value that was read is not the file's; nil where all are.
  private static func difference(_ read: Any, _ file: Any, at path: String = "") -> String? {
    switch (read, file) {
    case (let read as [String: Any], let file as [String: Any]):
      for (key, value) in read {
        guard let other = file[key] else { return "\(path).\(key) is not in the file" }
        if let found = difference(value, other, at: path + "." + key) { return found }
      }
      return nil
    case (let read as [Any], let file as [Any]):
      guard read.count == file.count else { return "\(path) has \(read.count) values" }
      for (index, pair) in zip(read, file).enumerated() {
        if let found = difference(pair.0, pair.1, at: "\(path)[\(index)]") { return found }
      }
      return nil
    case (let read as String, let file as String): return read == file ? nil : "\(path): \(read)"
    case (let read as NSNumber, let file as NSNumber):
      // The file may have more digits than a number.
      return read == file
        || abs(read.doubleValue - file.doubleValue) <= 1e-12 * abs(file.doubleValue)
        ? nil : "\(path): \(read), in the file \(file)"
    default: return "\(path): of another kind"
    }
  }

  // MARK: Logs

  private static func log() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    var lines: [Data] = []
    for epoch in 1...3 {
      lines.append(Data(#"{"event":"epoch","epoch":\#(epoch),"loss":0.5,"seconds":2.5}"#.utf8))
      for part in [Evaluation.Part.validation, .test] {
        let score = Score(correct: 10 * epoch, total: 40)
        lines.append(
          try encoder.encode(
            EvaluationRecord(Evaluation(epoch: epoch, part: part, score: score))))
      }
    }
    return lines.reduce(Data()) { $0 + $1 + Data("\n".utf8) }
  }

  @Test(arguments: [RunRecord.Status.running, .finished])
  func `a damaged log is refused, or gives its own last scores`(status: RunRecord.Status) throws {
    try withTemporaryDirectory { path in
      let folder = try RunFolder(path)
      var record = try Self.record()
      record.status = status
      try record.write(to: folder)
      let bytes = [UInt8](try Self.log())
      var (refused, accepted) = (0, 0)
      for seed in 0..<UInt64(Mutations.count) {
        let damaged = Mutations.of(bytes, seed: seed)
        try Data(damaged).write(to: URL(fileURLWithPath: folder.metrics))
        do {
          let read = try bounded("seed \(seed)") {
            try RunSummary(folder)
          }
          accepted += 1
          let expected = Self.counts(damaged, isComplete: status == .finished)
          let found = [read.test, read.validation].map { $0.map { [$0.correct, $0.total] } }
          #expect(found == expected, "seed \(seed): \(String(decoding: damaged, as: UTF8.self))")
        } catch let error as RunFileError {
          refused += 1
          #expect(error.path == folder.metrics && error.line != nil, "seed \(seed): \(error)")
        }
      }
      #expect(refused > Mutations.count / 4, "refused \(refused), accepted \(accepted)")
      #expect(accepted > 0, "none was accepted")
    }
  }

  /// Correct and total of a log's last test and last validation, read in another way; nil when a line that
  /// must be a record is none.
  private static func counts(_ log: [UInt8], isComplete: Bool) -> [[Int]?]? {
    var result: [[Int]?] = [nil, nil]
    let lines = log.split(separator: 10, omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let isLast = index == lines.count - 1
      if isLast && line.isEmpty { break }
      guard let value = try? JSONSerialization.jsonObject(with: Data(line)),
        let object = value as? [String: Any]
      else {
        if isLast && !isComplete { break }
        // It also refuses numbers out of range, which the reader skips where they mean nothing to it.
        guard let text = String(bytes: line, encoding: .utf8), text.hasPrefix("{") else {
          return nil
        }
        if let match = text.firstMatch(of: /"correct":(\d+),.*"total":(\d+)/) {
          result[text.contains(#""part":"test""#) ? 0 : 1] = [match.1, match.2].compactMap {
            Int($0)
          }
        }
        continue
      }
      guard object["event"] as? String == "evaluation",
        let score = object["score"] as? [String: Any],
        let correct = score["correct"] as? Int, let total = score["total"] as? Int
      else { continue }
      result[object["part"] as? String == "test" ? 0 : 1] = [correct, total]
    }
    return result
  }
}
