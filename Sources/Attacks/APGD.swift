public import Torch

/// Auto-PGD: projected gradient ascent with momentum that chooses its own step sizes.
///
///     z      = P(xₖ + η u(∇f(xₖ)))                          u(g) = sgn g in L∞, g/‖g‖₂ in L2
///     xₖ₊₁   = P(xₖ + α (z − xₖ) + (1 − α)(xₖ − xₖ₋₁))      α = 1 at the first step
///
/// P projects onto the ball and clamps to [0, 1]; η starts at 2ε and is halved image by image where progress stalls
/// (``AdaptiveStepSize``), and the image then goes back to its best point. The start lies on the ball's surface:
/// ε t/max|t| with t uniform in L∞, ε t/‖t‖ with t normal in L2.
///
/// **What is returned.** Images that are misclassified already are left alone. Otherwise the latest iterate that fooled;
/// for an image that none fooled, of all runs and the image itself, the point of highest loss. (The authors' code
/// gives the image itself then; which images are fooled is the same.) Only survivors go into the next run.
///
/// Croce and Hein, *Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free
/// attacks*, arXiv 2003.01690, section 3, in the version of their released code.
public struct APGD: Attack {
  public let threat: ThreatModel
  /// f
  public let loss: AttackLoss
  /// N, in each run; a run takes N + 1 gradients.
  public let steps: Int
  /// How many runs there are in all; 1 is a single run.
  public let restarts: Int
  /// ρ, the share of steps that must raise the loss if the step size is to stay.
  public let rho: Double
  /// α, how much of a step is the new one; the rest repeats the one before.
  public let momentum: Double
  /// Whether images that are fooled leave a run, each with the *first* iterate that fooled it. Which images are fooled
  /// stays the same. They wait for the last one where the source remembers rows
  /// (``GradientSource/remembersRows``), and go on as ever where answers are means over draws.
  public let dropsFooledImages: Bool

  public init(
    _ threat: ThreatModel, loss: AttackLoss = .crossEntropy, steps: Int = 100, restarts: Int = 1,
    rho: Double = 0.75, momentum: Double = 0.75, dropsFooledImages: Bool = false
  ) {
    self.threat = threat
    self.loss = loss
    self.steps = steps
    self.restarts = restarts
    self.rho = rho
    self.momentum = momentum
    self.dropsFooledImages = dropsFooledImages
  }

  /// `APGD-CE`, `APGD-DLR ×5` for five runs, `APGD-CE (50 steps)` where it is not 100.
  public var name: String {
    "APGD-\(loss.name)" + (steps == 100 ? "" : " (\(steps) steps)")
      + (restarts == 1 ? "" : " ×\(restarts)")
  }

  public func checkSettings() throws(AttackError) {
    try checkCounts(steps: steps, restarts: restarts)
    for (name, value) in [("ρ", rho), ("momentum", momentum)] where !(0...1).contains(value) {
      throw .unusable(
        .setting(name), expected: "0 ... 1", found: "\(value)",
        remedy: "0.75 is the authors' choice")
    }
  }

  public func perturb(
    _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
  ) throws(AttackError) -> Tensor {
    try perturb(
      images, labels: labels, from: nil, against: &victim, using: generator, observing: { _ in })
  }

  /// Attacks from given points, so that another implementation can be followed step by step.
  ///
  /// - Parameters:
  ///   - startingPoints: x₀ of the first run, of the images' shape and type and admissible under the threat model.
  ///     Further runs, if any, draw their own.
  ///   - observing: sees every iterate of every run, of the images that the run attacks.
  public func run(
    _ images: Tensor, labels: Tensor, against classifier: Classifier,
    startingAt startingPoints: Tensor, using generator: Generator,
    observing: (Iterate) -> Void = { _ in }
  ) throws(AttackError) -> AttackResult {
    try guarded(images, labels: labels, against: classifier, using: generator) {
      (images, victim) throws(AttackError) in
      try threat.check(startingPoints: startingPoints, for: images)
      return try perturb(
        images, labels: labels, from: startingPoints.detached(), against: &victim, using: generator,
        observing: observing)
    }
  }

  /// All runs.
  private func perturb(
    _ images: Tensor, labels: Tensor, from startingPoints: Tensor?, against victim: inout Victim,
    using generator: Generator, observing: (Iterate) -> Void
  ) throws(AttackError) -> Tensor {
    let clean = try victim.score(images, labels: labels, loss: loss)
    var worst = WorstSoFar(examples: images, losses: clean.losses, fooled: clean.fooled)
    for run in 0..<restarts {
      let alive = worst.survivors
      guard alive.count > 0 else { break }
      let survivors = images.gathering(alive)
      let start =
        run == 0 && startingPoints != nil
        ? startingPoints!.gathering(alive)
        : threat.surfacePoint(around: survivors, using: generator)
      let record = try climb(
        from: start, survivors, labels.gathering(alive), loss, &victim, observing)
      let found = record.outcome
      worst.consider(found.examples, losses: found.losses, fooled: found.fooled, rows: alive)
    }
    return worst.examples
  }
}

/// Throws unless there is at least one step and one run.
func checkCounts(steps: Int, restarts: Int = 1) throws(AttackError) {
  guard steps >= 1 else {
    throw .unusable(
      .setting("steps"), expected: "at least 1", found: "\(steps)", remedy: "100 is usual")
  }
  guard restarts >= 1 else {
    throw .unusable(
      .setting("restarts"), expected: "at least 1 run", found: "\(restarts)",
      remedy: "1 is a single run")
  }
}
