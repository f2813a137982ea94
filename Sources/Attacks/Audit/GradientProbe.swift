import Torch

/// Images that no attack through the gradient can move, and whether the loss or the network is to blame.
struct GradientProbe {
  /// Images whose cross-entropy has no gradient, though the margin has one.
  private(set) var lostInTheLoss = 0
  /// Images at which neither has.
  private(set) var without = 0
  /// Images whose cross-entropy is 0, or ∞ for the wrong ones.
  private(set) var saturated = 0
  private(set) var images = 0

  mutating func add(_ batch: LabeledImages, _ classifier: Classifier) throws(AttackError) {
    guard batch.images.size(0) > 0 else { return }
    let labels = batch.labels
    let answer = try Victim.lending(classifier, labels: labels) {
      (victim) throws(AttackError) in
      try victim.gradients(batch.images) { (logits) throws(AttackError) in
        [try AttackLoss.crossEntropy(logits, labels), try AttackLoss.margin(logits, labels)]
      }
    }
    let isZero = answer.gradients.map {
      ThreatModel.rows($0).norm(.infinity, along: [1]) .== 0
    }
    lostInTheLoss += (isZero[0] .& .!isZero[1]).trueCount
    without += (isZero[0] .& isZero[1]).trueCount
    saturated += (try AttackLoss.crossEntropy(answer.logits, labels) .== 0).trueCount
    images += batch.images.size(0)
  }

  var flags: [AuditFlag] {
    [
      AuditFlag(
        .zeroGradients, without, of: images,
        detail: "neither cross-entropy nor margin has a gradient at \(without) of \(images) images"),
      AuditFlag(
        .lossOfPrecision, lostInTheLoss, of: images,
        detail: "cross-entropy is exactly 0 at \(saturated) of \(images) images"),
    ]
  }
}
