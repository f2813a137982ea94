import Optimization
import Training

/// Averages steps into points of a curve.
struct CurveRecorder: Codable, Sendable, Equatable {
  var stepsPerPoint = 20
  private(set) var points: [CurvePoint] = []
  private var pending: [StepReport] = []
  private var fallbacks = 0

  init(stepsPerPoint: Int = 20, points: [CurvePoint] = []) {
    self.stepsPerPoint = stepsPerPoint
    self.points = points
  }

  /// So many that a long run's curve, which every checkpoint holds, stays below a thousand points.
  static func stepsPerPoint(stepsInAll: Int) -> Int { max(20, (stepsInAll + 499) / 500) }

  /// - Returns: the point that this step completes, if it does. No point reaches over an epoch's end.
  mutating func add(_ progress: TrainingProgress) -> CurvePoint? {
    var report = progress.last
    // It has a line of its own, and checkpoints hold what is pending.
    report.spectrum = nil
    pending.append(report)
    fallbacks += progress.deflation?.fallbacks ?? 0
    guard pending.count == stepsPerPoint || progress.endsEpoch else { return nil }
    let steps = pending
    let images = Double(steps.reduce(0) { $0 + $1.count })
    func weighted(_ value: (StepReport) -> Double) -> Double {
      steps.reduce(0) { $0 + value($1) * Double($1.count) } / images
    }
    let point = CurvePoint(
      step: progress.stepsDone, loss: weighted(\.loss),
      accuracy: Double(steps.reduce(0) { $0 + $1.correct }) / images,
      spikeRate: weighted(\.spikeRate), deflation: progress.deflation.map(Self.layers),
      deflationFallbacks: progress.deflation == nil ? nil : fallbacks)
    points.append(point)
    pending = []
    fallbacks = 0
    return point
  }

  private static func layers(_ report: DeflationReport) -> [DeflatedLayer] {
    report.layers.compactMap { layer in
      layer.triple.map {
        DeflatedLayer(
          layer: layer.name, sigma1: $0.sigma, sigma2: $0.second, energyRemoved: $0.energy)
      }
    }
  }
}
