public import Torch

/// Projected gradient ascent on the cross-entropy L, from a random start, with restarts.
///
///     x₀     = clamp(x + random δ in the ball)
///     z      = xₖ + α · u(∇L(xₖ, y))              u(g) = sgn g in L∞, g/‖g‖₂ in L2
///     xₖ₊₁   = clamp(x + projection(z − x), 0, 1)  the order of torchattacks 3.5.1
///
/// **What is returned.** One run returns its final iterate, by definition; nothing stops early, and no
/// better iterate on the way is kept. With several runs each image gets, of the final iterates, the first
/// one that is misclassified; if none is, the one with the highest loss. Only images that are still
/// classified correctly go into the next run, so more restarts never help the defender, image by image.
///
/// Unlike torchattacks, an L2 step has length α however small the gradient is. Madry et al., *Towards deep
/// learning models resistant to adversarial attacks*, arXiv 1706.06083, section 2.1.
public struct PGD: Attack {
  /// Where a run begins.
  public enum Start: Sendable {
    /// At the image itself: the basic iterative method.
    case image
    /// At a random point of the ball, clamped to [0, 1]. The random numbers of the first run are drawn
    /// first, so that a run with restarts begins as one without.
    case random
  }

  public let threat: ThreatModel
  /// α, in pixel units.
  public let stepSize: Double
  /// K, gradient steps in each run.
  public let steps: Int
  public let start: Start
  /// R, how many runs there are in all; 1 is a single run.
  public let restarts: Int

  public init(
    _ threat: ThreatModel, stepSize: Double, steps: Int, start: Start = .random, restarts: Int = 1
  ) {
    self.threat = threat
    self.stepSize = stepSize
    self.steps = steps
    self.start = start
    self.restarts = restarts
  }

  /// `PGD-10`, or `PGD-10 ×5` for five runs.
  public var name: String { "PGD-\(steps)" + (restarts == 1 ? "" : " ×\(restarts)") }

  public func checkSettings() throws(AttackError) {
    let largest = threat.norm == .linf ? 1 : Double.greatestFiniteMagnitude
    guard stepSize > 0, stepSize <= largest else {
      throw .unusable(
        .setting("step size"), expected: threat.norm == .linf ? "0 < α ≤ 1" : "0 < α, finite",
        found: "\(stepSize)", remedy: "α is in pixel units of [0, 1]: write 2/255, not 2")
    }
    guard steps >= 1 else {
      throw .unusable(
        .setting("steps"), expected: "at least 1", found: "\(steps)", remedy: "10 is usual")
    }
    guard restarts >= 1, restarts == 1 || start == .random else {
      throw .unusable(
        .setting("restarts"), expected: "1 run, or more from random starts", found: "\(restarts)",
        remedy: "from the image itself every run would be the same")
    }
  }

  public func perturb(
    _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
  ) throws(AttackError) -> Tensor {
    try perturb(images, labels: labels, from: nil, against: &victim, using: generator)
  }

  /// Attacks from given points, so that another implementation can be followed step by step.
  ///
  /// - Parameter startingPoints: x₀ of the first run, of the images' shape and type and admissible under
  ///   the threat model. Further runs, if any, draw their own.
  public func run(
    _ images: Tensor, labels: Tensor, against classifier: Classifier,
    startingAt startingPoints: Tensor, using generator: Generator
  ) throws(AttackError) -> AttackResult {
    try guarded(images, labels: labels, against: classifier, using: generator) {
      (images, victim) throws(AttackError) in
      try threat.check(startingPoints: startingPoints, for: images)
      return try perturb(
        images, labels: labels, from: startingPoints.detached(), against: &victim, using: generator)
    }
  }
}
