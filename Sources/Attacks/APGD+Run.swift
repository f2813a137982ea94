public import Torch

extension APGD {
  /// One step of a run, for the images that are still in it.
  public struct Iterate: Sendable {
    /// 0 for the start, then 1 … N.
    public let step: Int
    /// x_step, `[B, ...]`.
    public let points: Tensor
    /// f(x_step), `[B]`.
    public let losses: Tensor
    /// The η that led here, `[B]`; 2ε at the start.
    public let stepSizes: Tensor
  }

  /// One run of N steps from `start`.
  func climb(
    from start: Tensor, _ allImages: Tensor, _ allLabels: Tensor, _ fullLoss: AttackLoss,
    _ victim: inout Victim, _ observing: (Iterate) -> Void
  ) throws(AttackError) -> AscentRecord {
    victim.beginRun()
    var (images, labels, loss) = (allImages, allLabels, fullLoss)
    var answer = try victim.lossGradient(start, labels: labels, loss: loss)
    var record = AscentRecord(
      start: start, answer, fooledImages: victim.fooledImages(dropping: dropsFooledImages))
    var stepSize = AdaptiveStepSize(
      2 * threat.epsilon, steps: steps, rho: rho, startLosses: answer.losses, like: images)
    observing(
      Iterate(step: 0, points: start, losses: answer.losses, stepSizes: stepSize.sizes))
    var (point, before, gradient) = (start, start, answer.gradient)
    for step in 1...steps {
      if record.isOver { break }
      if let rows = record.dropFooled() {
        (images, labels) = (images.gathering(rows), labels.gathering(rows))
        loss = loss.gathering(rows)
        (point, before) = (point.gathering(rows), before.gathering(rows))
        gradient = gradient.gathering(rows)
        stepSize.keep(rows)
      }
      let drift = point - before
      before = point
      let share = step == 1 ? 1 : momentum
      let move =
        threat.steepestDirection(gradient) * ThreatModel.column(stepSize.sizes, like: images)
      let ahead = threat.admissible(point + move, around: images)
      point = threat.admissible(
        point + (ahead - point) * share + drift * (1 - share), around: images)
      answer = try victim.lossGradient(point, labels: labels, loss: loss)
      gradient = answer.gradient
      record.add(point, answer)
      observing(
        Iterate(step: step, points: point, losses: answer.losses, stepSizes: stepSize.sizes))
      guard
        let halved = stepSize.update(step: step, losses: answer.losses, best: record.bestLosses)
      else { continue }
      // Only the point goes back. The one before it stays, so the next drift is measured from there: as published.
      point = ThreatModel.rowwise(halved, record.best, point)
      gradient = ThreatModel.rowwise(halved, record.bestGradient, gradient)
    }
    return record
  }
}
