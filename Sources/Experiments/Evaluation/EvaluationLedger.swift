import Attacks
import Foundation
import Torch
import Training

/// Where an evaluation stands: what is measured, and the measurement at work. It is written after every chunk.
struct EvaluationLedger: Codable, Sendable {
  var spikeguard = Spikeguard.version
  var engine = Engine.version
  let facts: EvaluationFacts
  let threads: Int
  var finished: [MeasuredScore] = []
  /// Of the suite, once it has ended.
  var suite: WorstCaseResult?
  var current: Current?
  /// Of work in earlier lives.
  var seconds = 0.0

  /// The measurement at work.
  struct Current: Codable, Sendable {
    let name: String
    let record: WorstCaseState.Record
  }

  init(_ facts: EvaluationFacts, threads: Int) {
    self.facts = facts
    self.threads = threads
  }
}

/// One attack, or one network's clean accuracy, measured on its own.
struct MeasuredScore: Codable, Sendable, Equatable {
  let name: String
  let clean: Score
  let robust: Score
  let seconds: Double
  let randomness: ClassifierRandomness
  /// m, where the classifier is random.
  let draws: Int?
  /// Of a random classifier.
  let fresh: WorstCaseResult.FreshScore?

  /// What stands in a table: of a random classifier the majority of fresh passes.
  var score: Score { fresh.map { Score($0.majorityVote) } ?? robust }
}

extension MeasuredScore {
  init(_ name: String, _ result: WorstCaseResult) {
    self.init(
      name: name, clean: Score(result.cleanAccuracy), robust: Score(result.robustAccuracy),
      seconds: result.stages.reduce(result.stages.isEmpty ? result.cleanSeconds : 0) {
        $0 + $1.seconds
      }, randomness: result.randomness, draws: result.draws, fresh: result.fresh)
  }
}

/// The ledger with its tensors, in the evaluation's folder.
struct EvaluationStore {
  let folder: EvaluationFolder

  /// - Parameters:
  ///   - current: images of the measurement at work.
  ///   - suite: images of the finished suite.
  func save(_ ledger: EvaluationLedger, current: Tensor?, suite: Tensor?) throws {
    var tensors = NamedTensors()
    tensors["current"] = current
    tensors["suite"] = suite
    try folder.state.save(Checkpoint(weights: tensors, manifest: ledger))
  }

  /// What an earlier life left; nil where there is nothing.
  ///
  /// - Throws: ``UsageError`` where it is of another evaluation.
  func load(
    _ facts: EvaluationFacts
  ) throws -> (ledger: EvaluationLedger, tensors: NamedTensors, notes: [String])? {
    guard let found = try folder.state.load(EvaluationLedger.self) else { return nil }
    let ledger = found.checkpoint.manifest
    let differences = try RunManifest.differences(of: facts, from: ledger.facts)
    guard differences.isEmpty else {
      throw UsageError(
        "\(found.path): expected the evaluation that was begun there, found another: "
          + differences.joined(separator: "; ")
          + "; repeat its options, or begin anew with --overwrite")
    }
    var notes = found.damage.map { ["warning: \($0); going on from \(found.path)"] } ?? []
    for (name, before, now) in [
      ("Spikeguard", ledger.spikeguard, Spikeguard.version),
      ("LibTorch", ledger.engine, Engine.version),
    ] where before != now {
      notes.append(
        "\(name): \(before) before, \(now) now; what follows may differ in the last bits")
    }
    return (ledger, found.checkpoint.weights, notes)
  }
}
