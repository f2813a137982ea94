public import Torch

/// Measures how many images a classifier still gets right under attack.
///
/// Each batch is classified clean first. Every attack then runs on all clean-correct images of the batch,
/// independently of the other attacks, and the classifier scores what it made of them. All images count, in
/// partial batches too: a clean error is an error under attack.
public struct RobustnessEvaluation: Sendable {
  public let attacks: [any Attack]
  /// Each attack draws from a generator of its own with this seed: its numbers do not depend on which
  /// other attacks are in the list.
  public let seed: UInt64

  /// - Parameter attacks: may be empty: then the clean accuracy alone is measured.
  public init(attacks: [any Attack], seed: UInt64 = 0) {
    self.attacks = attacks
    self.seed = seed
  }

  /// Counts so far, after each batch.
  public struct Progress: Sendable {
    public let batches: Int
    public let images: Int
    public let cleanCorrect: Int
    /// For each attack.
    public let robustCorrect: [Int]
  }

  /// One batch under one attack, for a picture or a file.
  public struct AttackedBatch: Sendable {
    /// Index into the evaluation's attacks.
    public let attack: Int
    /// Index of the first image in the whole evaluation.
    public let firstImage: Int
    /// The whole batch `[B, ...]`; images that were misclassified anyway are as they were.
    public let images: Tensor
  }

  /// Evaluates a classifier.
  ///
  /// - Parameters:
  ///   - batches: read once; of any sizes, also different ones.
  ///   - progress: called after each batch.
  ///   - visit: called with each attack's images of each batch.
  /// - Throws: ``AttackError`` from an attack, or when images, labels or logits cannot be used.
  public func callAsFunction(
    _ classifier: Classifier, on batches: some Sequence<LabeledImages>,
    progress: (Progress) -> Void = { _ in }, visit: (AttackedBatch) -> Void = { _ in }
  ) throws(AttackError) -> RobustnessResult {
    for attack in attacks {
      try attack.threat.check()
      try attack.checkSettings()
    }
    var tally = Tally(attacks: attacks.count)
    let generators = attacks.map { _ in Generator(seed: seed) }
    for (index, batch) in batches.enumerated() {
      try checkPreconditions(images: batch.images, labels: batch.labels)
      let correct = try tally.addClean(batch, classifier)
      for (number, attack) in attacks.enumerated() {
        let attacked = try tally.add(
          number, attack, batch, correct, classifier, using: generators[number])
        visit(
          AttackedBatch(
            attack: number, firstImage: tally.labels.count - batch.images.size(0), images: attacked)
        )
      }
      progress(tally.progress(batches: index + 1))
    }
    return tally.result(attacks, seed: seed)
  }
}
