public import Torch

/// The classifier under attack, with a ledger of what was asked of it. Attacks reach it only through here.
///
/// Every answer is checked: logits `[B, classes]` and finite, labels within the classes, gradients finite.
public struct Victim {
  private let classifier: Classifier
  private let highestLabel: Int
  /// What was asked so far.
  public private(set) var report = AttackReport()

  /// Lends a victim to `body`; the classifier is not kept beyond it.
  ///
  /// - Parameter labels: all labels that will be asked about, int64 `[B]`.
  static func lending<Result>(
    _ classifier: Classifier, labels: Tensor,
    to body: (inout Victim) throws(AttackError) -> Result
  ) throws(AttackError) -> Result {
    try withoutActuallyEscaping(classifier) { (classifier) throws(AttackError) -> Result in
      var victim = Victim(classifier, labels: labels)
      return try body(&victim)
    }
  }

  private init(_ classifier: @escaping Classifier, labels: Tensor) {
    self.classifier = classifier
    highestLabel = labels.count == 0 ? -1 : Int(labels.max().item())
  }

  /// What the classifier says of a batch, and how each loss changes with its image.
  public struct Answer {
    /// `[B, classes]`, cut from the graph.
    public let logits: Tensor
    /// Cross-entropy of each image, `[B]`.
    public let losses: Tensor
    /// ∂(Σ losses)/∂images, of the images' shape: each image's own gradient, whatever the batch size.
    public let gradient: Tensor
  }

  /// Logits `[B, classes]` without a gradient.
  public mutating func logits(_ images: Tensor) throws(AttackError) -> Tensor {
    count(images)
    let logits = withoutGradients { classifier(images) }.detached()
    try checkLogits(logits, batch: images.size(0), highestLabel: highestLabel)
    return logits
  }

  /// Cross-entropy losses `[B]`, and whether each image is classified as something else than its label.
  /// Among equal logits the first class is the prediction.
  public mutating func score(_ images: Tensor, labels: Tensor) throws(AttackError) -> (
    losses: Tensor, fooled: Tensor
  ) {
    let logits = try logits(images)
    return (logits.crossEntropy(labels, reduction: .none), .!(logits.argmax(along: 1) .== labels))
  }

  /// The gradient of the cross-entropy with respect to the images only, whatever the caller's mode.
  ///
  /// The losses are summed, not averaged: an average of saturated losses underflows with the batch size.
  /// - Throws: ``AttackError`` when the logits do not depend on the images through recorded operations, or
  ///   the gradient has NaN or infinite numbers. Zero gradients are counted in ``report``.
  public mutating func lossGradient(_ images: Tensor, labels: Tensor) throws(AttackError) -> Answer
  {
    count(images)
    let input = images.requiringGradient()
    let answer = try withGradients { () throws(AttackError) -> Answer in
      let logits = classifier(input)
      try checkLogits(logits, batch: images.size(0), highestLabel: highestLabel)
      guard logits.requiresGradient else {
        throw .unusable(
          .logits, expected: "a result that can be differentiated with respect to the images",
          found: "one cut from the graph", remedy: "do not detach inside the classifier")
      }
      let losses = logits.crossEntropy(labels, reduction: .none)
      do throws(TorchError) {
        let gradient = try vectorJacobianProduct(
          outputs: [losses.sum()], inputs: [input], vectors: nil)[0]
        return Answer(logits: logits.detached(), losses: losses.detached(), gradient: gradient)
      } catch { throw .engine(error) }
    }
    try check(answer.gradient)
    return answer
  }

  private mutating func check(_ gradient: Tensor) throws(AttackError) {
    let largest = ThreatModel.rows(gradient).norm(.infinity, along: [1])
    let broken = (.!largest.isFinite()).trueCount
    guard broken == 0 else {
      throw .unusable(
        .gradient, expected: "finite numbers",
        found: "NaN or infinity for \(broken) of \(gradient.size(0)) images",
        remedy: "such images would stay unattacked and look robust: repair the network's backward")
    }
    report.gradientEvaluations.append(
      .init(images: gradient.size(0), zeroGradients: (largest .== 0).trueCount))
  }

  private mutating func count(_ images: Tensor) {
    report.classifierCalls += 1
    report.imagesClassified += images.size(0)
  }
}
