import Foundation

/// What native batches of a run look like while nothing is wrong.
struct CollapseBaseline: Codable, Equatable {
  private var losses: [Double] = []
  private var accuracies: [Double] = []

  var count: Int { losses.count }
  var loss: (median: Double, deviation: Double) { Self.robust(losses) }
  var accuracy: (median: Double, deviation: Double) { Self.robust(accuracies) }

  mutating func add(_ step: StepObservation, atMost limit: Int) {
    guard let loss = step.loss else { return }
    losses.append(loss)
    accuracies.append(step.accuracy)
    if losses.count > limit {
      losses.removeFirst()
      accuracies.removeFirst()
    }
  }

  /// In which respects a batch has fallen (``CollapseMonitor``).
  ///
  /// - Precondition: the baseline is not empty.
  func signs(of step: StepObservation, deviations: Double) -> [CollapseReport.Sign] {
    guard let loss = step.loss else { return [.lossNotFinite] }
    let (images, classes) = (Double(step.images), Double(step.classes))
    let (usual, spread) = accuracy
    let chance = 1 / classes
    // Even where every batch was perfect so far, the next one has a few images only.
    let rate = (usual * images + 1) / (images + 2)
    let sampling = (rate * (1 - rate) / images).squareRoot()
    let drop = max(deviations * max(spread, sampling), (usual - chance) / 2)
    let rise = max(deviations * self.loss.deviation, log(classes) / 2)
    var signs: [CollapseReport.Sign] = []
    if step.accuracy <= usual - drop { signs.append(.accuracy) }
    if loss >= self.loss.median + rise { signs.append(.loss) }
    return signs
  }

  /// Median, and 1.4826 times the median distance from it: the deviation, were the values normal.
  private static func robust(_ values: [Double]) -> (median: Double, deviation: Double) {
    let middle = median(values)
    return (middle, 1.4826 * median(values.map { abs($0 - middle) }))
  }

  private static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let half = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[half - 1] + sorted[half]) / 2 : sorted[half]
  }
}
