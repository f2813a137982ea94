public import Torch

/// APGD on the targeted logit ratio, one target class after the other: AutoAttack's `apgd-t`.
///
/// The targets of an image are the classes other than its label, by their logits on the image as it is, the
/// largest first. Each target sees only images that survived those before it. Needs four classes; where there are
/// fewer than `targets` others, it takes all of them.
///
/// Images that are misclassified already are left alone. Otherwise the latest iterate that fooled is returned; for an
/// image that none fooled, of every run's best and the image itself, the point of largest margin
/// max_{i ≠ y} z_i − z_y, since the losses of different targets do not compare.
///
/// Croce and Hein, arXiv 2003.01690, section 4.1 and equation 7.
public struct TargetedAPGD: Attack {
  public let threat: ThreatModel
  /// N, in each run.
  public let steps: Int
  /// How many classes are aimed at.
  public let targets: Int
  /// Runs for each target.
  public let restarts: Int
  /// As ``APGD/dropsFooledImages``.
  public let dropsFooledImages: Bool

  public init(
    _ threat: ThreatModel, steps: Int = 100, targets: Int = 9, restarts: Int = 1,
    dropsFooledImages: Bool = false
  ) {
    self.threat = threat
    self.steps = steps
    self.targets = targets
    self.restarts = restarts
    self.dropsFooledImages = dropsFooledImages
  }

  /// `APGD-T`; other settings than 100 steps, 9 targets and 1 run follow in brackets.
  public var name: String {
    let other =
      (steps == 100 ? [] : ["\(steps) steps"]) + (targets == 9 ? [] : ["\(targets) targets"])
    return "APGD-T" + (other.isEmpty ? "" : " (\(other.joined(separator: ", ")))")
      + (restarts == 1 ? "" : " ×\(restarts)")
  }

  public func checkSettings() throws(AttackError) {
    try checkCounts(steps: steps, restarts: restarts)
    guard targets >= 1 else {
      throw .unusable(
        .setting("targets"), expected: "at least 1", found: "\(targets)", remedy: "9 is usual")
    }
  }

  public func perturb(
    _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
  ) throws(AttackError) -> Tensor {
    let logits = try victim.logits(images)
    let rivals = Self.rivals(logits, labels, count: min(targets, logits.size(1) - 1))
    // Asked here, so that too few classes are an error even where no image is left to attack.
    _ = try AttackLoss.targetedLogitRatio(targets: rivals.selecting(0, along: 1))(logits, labels)
    var worst = WorstSoFar(
      examples: images, losses: try AttackLoss.margin(logits, labels),
      fooled: Victim.errs(logits, labels))
    let ascent = APGD(threat, steps: steps, dropsFooledImages: dropsFooledImages)
    for rank in 0..<rivals.size(1) {
      for _ in 0..<restarts {
        let alive = worst.survivors
        guard alive.count > 0 else { return worst.examples }
        let (survivors, theirs) = (images.gathering(alive), labels.gathering(alive))
        let target = rivals.selecting(rank, along: 1).gathering(alive)
        let found = try ascent.climb(
          from: threat.surfacePoint(around: survivors, using: generator), survivors, theirs,
          .targetedLogitRatio(targets: target), &victim, { _ in }
        ).outcome
        let margins = try victim.score(found.examples, labels: theirs, loss: .margin).losses
        worst.consider(found.examples, losses: margins, fooled: found.fooled, rows: alive)
      }
    }
    return worst.examples
  }

  /// The classes other than the label by falling logit: int64 `[B, count]`.
  private static func rivals(_ logits: Tensor, _ labels: Tensor, count: Int) -> Tensor {
    let classes = Tensor.arange(0, logits.size(1)).moved(to: logits.device)
    let own = labels.unsqueezed(1) .== classes
    return Tensor.select(
      own, Tensor.full(-.infinity, shape: [1], dtype: logits.dtype, device: logits.device), logits
    )
    .largest(count).indices
  }
}
