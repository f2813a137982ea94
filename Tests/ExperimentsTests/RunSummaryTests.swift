import Datasets
import Foundation
import TestSupport
import Testing
import Torch

@testable import Experiments

/// What is read back of a run: the last scores, or why there are none.
@Suite struct RunSummaryTests {
  private static let epoch = #"{"event":"epoch","epoch":1,"loss":0.5,"seconds":2.5}"# + "\n"

  private static func evaluation(_ correct: Int) throws -> String {
    let score = Score(correct: correct, total: 40)
    let record = EvaluationRecord(Evaluation(epoch: 1, part: .test, score: score))
    return String(decoding: try JSONEncoder().encode(record), as: UTF8.self) + "\n"
  }

  /// Reads a run with this log; nil for none.
  private func summary(
    _ log: Data?, _ status: RunRecord.Status = .running, stepsDone: Int = 3
  ) throws -> RunSummary {
    let dataset = try ImageDataset(
      ["images": .zeros([2, 1, 4, 4]), "labels": Tensor([0, 1] as [Int64])], from: "made up",
      name: "tiny", split: .train)
    return try withTemporaryDirectory { path in
      let folder = try RunFolder(path)
      var record = RunRecord(RunConfiguration(), RunDatasets(training: dataset), stepsInAll: 7)
      record.status = status
      record.stepsDone = stepsDone
      try record.write(to: folder)
      try log?.write(to: URL(fileURLWithPath: folder.metrics))
      return try RunSummary(folder)
    }
  }

  @Test func `the last evaluation counts, and seconds add up`() throws {
    let log = try Self.epoch + Self.evaluation(10) + Self.epoch + Self.evaluation(30)
    let read = try summary(Data(log.utf8), .finished)
    #expect(read.test == Score(correct: 30, total: 40) && read.validation == nil)
    #expect(read.trainingLoss == 0.5 && read.seconds == 5)
  }

  @Test func `only the cut last line of an unfinished run is left out`() throws {
    let log = Data(try (Self.epoch + Self.evaluation(10) + Self.evaluation(30)).utf8)
    for cut in 2...20 {
      #expect(try summary(log.dropLast(cut)).test == Score(correct: 10, total: 40))
      let error = #expect(throws: RunFileError.self) { try summary(log.dropLast(cut), .finished) }
      #expect(error?.line == 3)
    }
    // A line break says that the line is whole.
    let error = #expect(throws: RunFileError.self) {
      try summary(log.dropLast(9) + Data("\n".utf8))
    }
    #expect(error?.line == 3)
  }

  @Test func `a log that is not there belongs to a run without steps`() throws {
    #expect(try summary(nil, stepsDone: 0).test == nil)
    let error = #expect(throws: RunFileError.self) { try summary(nil) }
    #expect(error?.description.contains("expected a log that can be read, found none") == true)
  }

  @Test func `a loss that is no number replaces the one before it`() throws {
    let log = Self.epoch + Self.epoch.replacing("0.5,", with: #""NaN","#)
    #expect(try summary(Data(log.utf8)).trainingLoss == nil)
  }

  static let damage: [(old: String, new: String)] = [
    ("evaluation", "evaluatiom"), ("score", "scorf"), (#""test""#, #""tast""#),
    ("correct\":10", "correct\":11"), ("correct\":10", "correct\":90"),
    ("correct\":10", "correct\":-1"), ("total\":40", "total\":41"), ("\"low\":0", "\"low\":1"),
    ("seconds", "sekonds"), ("{\"event\":\"epoch\"", "\n{\"event\":\"epoch\""),
  ]

  @Test(arguments: damage)
  func `a damaged line is named`(old: String, new: String) throws {
    let good = try Self.epoch + Self.evaluation(10)
    let bad = good.replacing(old, with: new)
    try #require(bad != good)
    let error = #expect(throws: RunFileError.self) {
      try summary(Data((bad + Self.epoch).utf8))
    }
    #expect(error?.line != nil && error?.path.hasSuffix("/metrics.jsonl") == true)
  }

  @Test func `a record whose parts disagree is refused`() {
    #expect(throws: RunFileError.self) { try summary(Data(), stepsDone: 8) }
    #expect(throws: RunFileError.self) { try summary(Data(), stepsDone: -1) }
  }
}
