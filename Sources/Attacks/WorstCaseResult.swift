/// What a ``WorstCaseEvaluation`` found, stage by stage and image by image.
public struct WorstCaseResult: Codable, Equatable, Sendable {
  /// What one stage did.
  public struct Stage: Codable, Equatable, Sendable {
    public let name: String
    /// The attack's own name, with `EOT-20` before it where it took means over draws.
    public let attack: String
    /// Survivors that it was run on.
    public let attacked: Int
    /// Images that it broke, each survivor of all stages before.
    public let broken: Int
    /// Images clean-correct and not broken up to here, of *all* images. It can only fall from stage to stage.
    public let robustAccuracy: BinomialInterval
    public let seconds: Double
    public let cost: AttackCost
    /// Gradients that were zero in every pixel, of those taken. Those of one image are not independent draws, so the
    /// true interval is wider. nil where none was taken.
    public let zeroGradients: BinomialInterval?
    /// Whether it was run on all survivors.
    public let isFinished: Bool
  }

  /// A random classifier's score on the kept images, in fresh passes that no attack has seen.
  public struct FreshScore: Codable, Equatable, Sendable {
    public let passes: Int
    /// Images that were clean-correct and that most passes still classify as their label, of all.
    public let majorityVote: BinomialInterval
    /// Share of images and passes classified as the label.
    public let mean: MeanShare
    /// The same of the unchanged images.
    public let cleanMean: MeanShare
  }

  public let threat: ThreatModel
  public let seed: UInt64
  public let labels: [Int]
  public let cleanPredictions: [Int]
  public let cleanAccuracy: BinomialInterval
  public let cleanSeconds: Double
  public let stages: [Stage]
  /// The stage that broke each image first; nil where none did.
  public let brokenBy: [Int?]
  /// The stage that the image in the adversarial tensor is from. A broken image is its breaker's. Of the others it is
  /// the changed image with the largest margin loss, or nil for the original: misclassified already, not attacked, or
  /// no stage came nearer to an error.
  public let keptFrom: [Int?]
  /// The class predicted for each image of the adversarial tensor.
  public let predictions: [Int]
  public let randomness: ClassifierRandomness
  /// m, where gradients were means over draws.
  public let draws: Int?
  /// Of a random classifier.
  public let fresh: FreshScore?

  /// Images that are clean-correct and that no stage broke, of all. An upper bound of robustness, always; where
  /// ``isComplete`` is false a looser one than these stages can give.
  public var robustAccuracy: BinomialInterval {
    stages.last?.robustAccuracy ?? cleanAccuracy
  }
  /// Whether every stage was run on all its survivors.
  public var isComplete: Bool { unfinishedStages.isEmpty }
  public var unfinishedStages: [String] { stages.filter { !$0.isFinished }.map(\.name) }
}

extension WorstCaseEvaluation {
  func result(
    of state: WorstCaseState, _ makeClassifier: (UInt64) -> Classifier, _ data: LabeledImages
  ) throws(AttackError) -> WorstCaseResult {
    let record = state.record
    let total = record.labels.count
    let isRandom = record.randomness.isRandom
    var left = zip(record.labels, record.cleanPredictions).count { $0 == $1 }
    let clean = BinomialInterval.wilson(successes: left, trials: total)
    let outcomes = zip(stages, record.tallies).map { stage, tally in
      left -= tally.broken
      return WorstCaseResult.Stage(
        name: stage.name, attack: stage.attack(averagingOver: isRandom ? draws : nil).name,
        attacked: tally.attacked, broken: tally.broken,
        robustAccuracy: .wilson(successes: left, trials: total), seconds: tally.seconds,
        cost: tally.cost, zeroGradients: .ofZeroGradients(tally.cost), isFinished: tally.isFinished)
    }
    let fresh = isRandom ? try freshScores(of: state, makeClassifier, data) : nil
    return WorstCaseResult(
      threat: threat, seed: seed, labels: record.labels, cleanPredictions: record.cleanPredictions,
      cleanAccuracy: clean, cleanSeconds: record.cleanSeconds, stages: outcomes,
      brokenBy: record.brokenBy, keptFrom: record.keptFrom,
      predictions: fresh?.predictions ?? record.predictions, randomness: record.randomness,
      draws: isRandom ? draws : nil, fresh: fresh?.score)
  }

  /// Classifies the kept images as whoever checks them later does: in the data set's order, from a seed that nothing
  /// else used.
  private func freshScores(
    of state: WorstCaseState, _ makeClassifier: (UInt64) -> Classifier, _ data: LabeledImages
  ) throws(AttackError) -> (score: WorstCaseResult.FreshScore, predictions: [Int]) {
    let record = state.record
    let total = record.labels.count
    let scores = try PlacedScores(
      of: state.adversarial, at: Array(0..<total), in: data, batchSize: batchSize,
      passes: scoringPasses, by: makeClassifier(Self.freshSeed(seed)))
    // An image that was wrong to begin with is no robust one, even if these passes happen to be right.
    let right = record.survivors(before: 0).count { scores.predictions[$0] == record.labels[$0] }
    return (
      .init(
        passes: scoringPasses, majorityVote: .wilson(successes: right, trials: total),
        mean: MeanShare(of: scores.shareCorrect), cleanMean: MeanShare(of: record.cleanShares)),
      scores.predictions
    )
  }

  /// Of the classifier that makes the clean scores.
  public static func cleanSeed(_ seed: UInt64) -> UInt64 {
    ChunkRandomness(seed: seed, stage: -1, firstImage: 0).seed(.scoring)
  }

  /// Of the classifier that makes the last, fresh scores.
  public static func freshSeed(_ seed: UInt64) -> UInt64 {
    ChunkRandomness(seed: seed, stage: -2, firstImage: 0).seed(.scoring)
  }
}

extension BinomialInterval {
  /// nil where no gradient was taken.
  static func ofZeroGradients(_ cost: AttackCost) -> BinomialInterval? {
    cost.gradients == 0
      ? nil : .wilson(successes: cost.zeroGradients, trials: cost.gradients)
  }
}
