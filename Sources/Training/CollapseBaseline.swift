import Foundation

/// What native batches of a run look like while nothing is wrong.
struct CollapseBaseline: Codable, Equatable {
  /// Median, and 1.4826 times the median distance from it: the deviation, were the values normal.
  struct Spread: Codable, Equatable {
    var median = 0.0
    var deviation = 0.0
  }

  private var losses: [Double] = []
  private var accuracies: [Double] = []
  private(set) var loss = Spread()
  private(set) var accuracy = Spread()

  var count: Int { losses.count }

  mutating func add(_ step: StepObservation, atMost limit: Int) {
    guard let value = step.loss else { return }
    losses.append(value)
    accuracies.append(step.accuracy)
    if losses.count > limit {
      losses.removeFirst()
      accuracies.removeFirst()
    }
    loss = Self.spread(of: losses)
    accuracy = Self.spread(of: accuracies)
  }

  /// In which respects a batch has fallen (``CollapseMonitor``).
  ///
  /// - Precondition: the baseline is not empty.
  func signs(of step: StepObservation, deviations: Double) -> [CollapseReport.Sign] {
    guard let loss = step.loss else { return [.lossNotFinite] }
    let (images, classes) = (Double(step.images), Double(step.classes))
    let usual = accuracy.median
    let chance = 1 / classes
    // Even where every batch was perfect so far, the next one has a few images only.
    let rate = (usual * images + 1) / (images + 2)
    let sampling = (rate * (1 - rate) / images).squareRoot()
    let drop = max(deviations * max(accuracy.deviation, sampling), (usual - chance) / 2)
    let rise = max(deviations * self.loss.deviation, log(classes) / 2)
    var signs: [CollapseReport.Sign] = []
    if step.accuracy <= usual - drop { signs.append(.accuracy) }
    if loss >= self.loss.median + rise { signs.append(.loss) }
    return signs
  }

  private static func spread(of values: [Double]) -> Spread {
    let middle = median(values)
    return Spread(
      median: middle, deviation: 1.4826 * median(values.map { abs($0 - middle) }))
  }

  private static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let half = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[half - 1] + sorted[half]) / 2 : sorted[half]
  }
}
