import Optimization
import Training

/// Averages steps into points of a curve.
struct CurveRecorder {
  let stepsPerPoint: Int
  private(set) var points: [CurvePoint]
  private var pending: [StepReport] = []
  private var fallbacks = 0

  /// - Parameter points: of the steps before a run was continued.
  init(stepsPerPoint: Int, points: [CurvePoint] = []) {
    self.stepsPerPoint = stepsPerPoint
    self.points = points
  }

  mutating func add(_ progress: TrainingProgress) {
    pending.append(progress.last)
    fallbacks += progress.deflation?.fallbacks ?? 0
    // No point reaches over an epoch's end, where the run may be cut in two.
    let endsEpoch = progress.batch == progress.batchesPerEpoch - 1
    guard pending.count == stepsPerPoint || endsEpoch else { return }
    let steps = pending
    let images = Double(steps.reduce(0) { $0 + $1.count })
    func weighted(_ value: (StepReport) -> Double) -> Double {
      steps.reduce(0) { $0 + value($1) * Double($1.count) } / images
    }
    points.append(
      CurvePoint(
        step: progress.stepsDone, loss: weighted(\.loss),
        accuracy: Double(steps.reduce(0) { $0 + $1.correct }) / images,
        spikeRate: weighted(\.spikeRate), deflation: progress.deflation.map(Self.layers),
        deflationFallbacks: progress.deflation == nil ? nil : fallbacks))
    pending = []
    fallbacks = 0
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
