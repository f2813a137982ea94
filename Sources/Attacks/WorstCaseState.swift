public import Torch

/// Where a ``WorstCaseEvaluation`` stands after a chunk: all that it needs to go on to the same bits.
///
/// The record is JSON, the adversarial images are a tensor: both can be kept in a file.
public struct WorstCaseState: Sendable {
  public internal(set) var record: Record
  /// `[N, ...]`: what ``WorstCaseResult/keptFrom`` says.
  public internal(set) var adversarial: Tensor

  /// - Parameter adversarial: what belongs to the record; its shape is checked when the evaluation goes on.
  public init(record: Record, adversarial: Tensor) {
    self.record = record
    self.adversarial = adversarial
  }

  /// Everything but pixels.
  public struct Record: Codable, Equatable, Sendable {
    let plan: WorstCaseEvaluation.Plan
    let labels: [Int]
    let randomness: ClassifierRandomness
    let cleanPredictions: [Int]
    /// Share of passes in which each unchanged image was classified as its label.
    let cleanShares: [Double]
    let cleanSeconds: Double
    var stage = 0
    /// Images of the stage's survivors that were attacked.
    var done = 0
    /// The stage that broke each image, nil where none did.
    var brokenBy: [Int?]
    /// The stage that each kept image is from, nil for the original.
    var keptFrom: [Int?]
    /// Of the kept images.
    var predictions: [Int]
    /// Of the kept images.
    var margins: [Double]
    var tallies: [Tally]
  }

  /// What one stage did so far.
  struct Tally: Codable, Equatable, Sendable {
    var attacked = 0
    var broken = 0
    var seconds = 0.0
    var cost = AttackCost()
    /// Whether every survivor was attacked.
    var isFinished = false
  }
}

extension WorstCaseState.Record {
  /// Images that the stage begins with: clean-correct, and not broken by an earlier one.
  func survivors(before stage: Int) -> [Int] {
    labels.indices.filter { image in
      cleanPredictions[image] == labels[image] && (brokenBy[image].map { $0 >= stage } ?? true)
    }
  }

  /// Images that are clean-correct and that no stage has broken.
  var robust: Int { survivors(before: .max).count }

  /// The images to be attacked next; nil at the end.
  func nextChunk(of size: Int) -> ArraySlice<Int>? {
    guard stage < tallies.count else { return nil }
    let survivors = survivors(before: stage)
    return survivors[done..<min(done + size, survivors.count)]
  }

  /// Goes to the next stage that has something left to attack.
  mutating func closeFinishedStages() {
    while stage < tallies.count, done >= survivors(before: stage).count {
      tallies[stage].isFinished = true
      stage += 1
      done = 0
    }
  }
}
