public import Torch

/// Stable adaptive PGD: L∞ ascent whose every pixel has a step of its own, from two running means of the gradient.
///
///     m ← ½ m + g/mean|g|        v ← 0.8 v + g²/mean g²         means over the image's pixels
///     x ← P(x + clip(η m/√v, ±η))
///
/// η starts at ε and is halved at every checkpoint of ``CheckpointSchedule``, whatever the progress; nothing goes
/// back to a best point. The start is that of ``APGD``. Made for spiking networks, whose loss is jagged: it keeps
/// gaining over thousands of steps.
///
/// Where a gradient is zero in every pixel the authors divide 0 by 0 and lose the image; here m and v just decay, and
/// the report counts it. g is divided by max|g| first, which changes neither quotient but for underflow.
///
/// **What is returned.** As of APGD: errors are left alone; else the latest iterate that fooled; else, of all runs
/// and the image itself, the point of highest loss (the authors give the image itself). Survivors only run again.
///
/// Wang et al., *Towards reliable evaluation of adversarial robustness for spiking neural networks*, arXiv
/// 2512.22522, section 4.3, with the constants of their released code.
public struct SAPGD: Attack {
  /// L∞ only.
  public let threat: ThreatModel
  public let loss: AttackLoss
  /// Steps in each run; a run takes one gradient more.
  public let steps: Int
  /// How many runs there are in all.
  public let restarts: Int
  /// As ``APGD/dropsFooledImages``.
  public let dropsFooledImages: Bool

  public init(
    _ threat: ThreatModel, loss: AttackLoss = .crossEntropy, steps: Int = 100, restarts: Int = 1,
    dropsFooledImages: Bool = false
  ) {
    self.threat = threat
    self.loss = loss
    self.steps = steps
    self.restarts = restarts
    self.dropsFooledImages = dropsFooledImages
  }

  /// `SA-PGD-100`, `SA-PGD-100 DLR` for another loss than cross-entropy, `SA-PGD-100 ×5` for five runs.
  public var name: String {
    let other = if case .crossEntropy = loss { "" } else { " \(loss.name)" }
    return "SA-PGD-\(steps)" + other + (restarts == 1 ? "" : " ×\(restarts)")
  }

  public func checkSettings() throws(AttackError) {
    try checkCounts(steps: steps, restarts: restarts)
    guard threat.norm == .linf else {
      throw .unusable(
        .setting("threat model of \(name)"), expected: "L∞", found: "\(threat)",
        remedy: "its step is clipped pixel by pixel: use APGD for L2")
    }
  }

  public func perturb(
    _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
  ) throws(AttackError) -> Tensor {
    let clean = try victim.score(images, labels: labels, loss: loss)
    var worst = WorstSoFar(examples: images, losses: clean.losses, fooled: clean.fooled)
    for _ in 0..<restarts {
      let alive = worst.survivors
      guard alive.count > 0 else { break }
      let survivors = images.gathering(alive)
      let record = try climb(
        from: threat.surfacePoint(around: survivors, using: generator), survivors,
        labels.gathering(alive), &victim)
      let found = record.outcome
      worst.consider(found.examples, losses: found.losses, fooled: found.fooled, rows: alive)
    }
    return worst.examples
  }

  private func climb(
    from start: Tensor, _ allImages: Tensor, _ allLabels: Tensor, _ victim: inout Victim
  ) throws(AttackError) -> AscentRecord {
    victim.beginRun()
    var (images, labels) = (allImages, allLabels)
    let answer = try victim.lossGradient(start, labels: labels, loss: loss)
    var record = AscentRecord(
      start: start, answer, fooledImages: victim.fooledImages(dropping: dropsFooledImages))
    let schedule = CheckpointSchedule(steps: steps)
    var (point, gradient) = (start, answer.gradient)
    var (stepSize, means) = (threat.epsilon, GradientMeans(like: images))
    for step in 1...steps {
      if record.isOver { break }
      if let rows = record.dropFooled() {
        (images, labels) = (images.gathering(rows), labels.gathering(rows))
        (point, gradient) = (point.gathering(rows), gradient.gathering(rows))
        means.keep(rows)
      }
      means.add(gradient)
      let move = (means.direction * stepSize).clamped(-stepSize, stepSize)
      point = threat.admissible(point + move, around: images)
      let answer = try victim.lossGradient(point, labels: labels, loss: loss)
      gradient = answer.gradient
      record.add(point, answer)
      if schedule.window(endingAt: step) != nil { stepSize /= 2 }
    }
    return record
  }
}

/// m and v of SA-PGD.
private struct GradientMeans {
  private var first: Tensor
  private var second: Tensor

  init(like images: Tensor) {
    first = Tensor.zeros(like: images)
    second = Tensor.zeros(like: images)
  }

  mutating func add(_ gradient: Tensor) {
    let unit = ThreatModel.scaledToUnitMaximum(gradient)
    let pixels = Double(gradient.shape.dropFirst().reduce(1, *))
    let square = unit.squared()
    first = first * 0.5 + ThreatModel.overSum(unit, of: unit.magnitude()) * pixels
    second = second * 0.8 + ThreatModel.overSum(square, of: square) * pixels
  }

  mutating func keep(_ rows: Tensor) {
    (first, second) = (first.gathering(rows), second.gathering(rows))
  }

  /// m/√v; 0 where both are.
  var direction: Tensor { first / (second.squareRoot() + 1e-12) }
}
