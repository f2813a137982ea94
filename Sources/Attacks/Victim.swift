public import Torch

/// The classifier under attack, with a ledger of what was asked of it. Attacks reach it only through here.
///
/// What an attack may ask: ``logits(_:)`` and ``score(_:labels:loss:)`` of points, and their gradients with
/// ``lossGradient(_:labels:loss:)`` or, of several functions in one pass, ``gradients(_:of:)``; it says when a run
/// begins with ``beginRun()``. Whether gradients come from another source, and how many draws an answer is the mean of,
/// is decided around the attack and changes none of these calls.
///
/// Every answer is checked: logits `[B, classes]` and finite, labels within the classes, gradients finite.
public struct Victim {
  let classifier: Classifier
  let highestLabel: Int
  /// What was asked so far.
  public internal(set) var report = AttackReport()
  /// What is differentiated; nil for the classifier itself.
  private(set) var source: GradientSource?
  /// The source's function for the run that goes on.
  private(set) var sourceFunction: Classifier?
  /// How many draws of a random classifier every answer is the mean of.
  public private(set) var draws = 1
  /// Of the sources' random numbers.
  private let seed: UInt64
  /// Sources made so far.
  private var runs: UInt64 = 0

  /// Lends a victim to `body`; the classifier is not kept beyond it.
  ///
  /// - Parameters:
  ///   - labels: all labels that will be asked about, int64 `[B]`.
  ///   - seed: of the random numbers of gradient sources; without one there is nothing to differentiate through.
  static func lending<Result>(
    _ classifier: Classifier, labels: Tensor, seed: UInt64 = 0,
    to body: (inout Victim) throws(AttackError) -> Result
  ) throws(AttackError) -> Result {
    try withoutActuallyEscaping(classifier) { (classifier) throws(AttackError) -> Result in
      var victim = Victim(classifier, labels: labels, seed: seed)
      return try body(&victim)
    }
  }

  private init(_ classifier: @escaping Classifier, labels: Tensor, seed: UInt64) {
    self.classifier = classifier
    self.seed = seed
    highestLabel = labels.count == 0 ? -1 : Int(labels.max().item())
  }

  /// Takes gradients from `source` within `body`.
  mutating func differentiating<Result>(
    through source: GradientSource, _ body: (inout Victim) throws(AttackError) -> Result
  ) throws(AttackError) -> Result {
    let (outer, outerFunction) = (self.source, sourceFunction)
    self.source = source
    beginRun()
    defer { (self.source, sourceFunction) = (outer, outerFunction) }
    return try body(&self)
  }

  /// Answers with means over `draws` within `body`.
  mutating func averaging<Result>(
    over draws: Int, _ body: (inout Victim) throws(AttackError) -> Result
  ) throws(AttackError) -> Result {
    let outer = self.draws
    self.draws = draws
    defer { self.draws = outer }
    return try body(&self)
  }

  /// To be called by an attack when it starts a run on a batch, so that a source which remembers iterations
  /// starts afresh. Within a run the batch stays the same, image i is image i at every iteration, unless the source
  /// has no memory (``GradientSource/remembersRows``): then images may leave.
  public mutating func beginRun() {
    guard let source else { return }
    sourceFunction = source.makeClassifier(.init(draws: draws, seed: nextSeed()))
  }

  /// Of the random numbers of what is made next.
  mutating func nextSeed() -> UInt64 {
    runs += 1
    return ChunkRandomness.mixed(seed, with: [runs])
  }

  /// Logits `[B, classes]` without a gradient.
  public mutating func logits(_ images: Tensor) throws(AttackError) -> Tensor {
    var sum: Tensor?
    for _ in 0..<draws {
      count(images)
      let logits = withoutGradients { classifier(images) }.detached()
      try checkLogits(logits, batch: images.size(0), highestLabel: highestLabel)
      sum = sum.map { $0 + logits } ?? logits
    }
    return draws == 1 ? sum! : sum! / Double(draws)
  }

  /// Losses `[B]`, and whether each image is classified as something else than its label. Among equal logits the
  /// first class is the prediction.
  public mutating func score(
    _ images: Tensor, labels: Tensor, loss: AttackLoss = .crossEntropy
  ) throws(AttackError) -> (losses: Tensor, fooled: Tensor) {
    let logits = try logits(images)
    return (try loss(logits, labels), Self.errs(logits, labels))
  }

  /// Whether the prediction is another class than the label, `[B]`.
  static func errs(_ logits: Tensor, _ labels: Tensor) -> Tensor {
    .!(logits.argmax(along: 1) .== labels)
  }

  mutating func count(_ images: Tensor) {
    report.classifierCalls += 1
    report.imagesClassified += images.size(0)
  }
}
