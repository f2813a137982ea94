import Training

/// What was measured beside the training of a run, and what it cost.
public struct RunMeasurements: Codable, Sendable, Equatable {
  /// How often something was measured, and how long that took in all.
  public struct Cost: Codable, Sendable, Equatable {
    public internal(set) var readings = 0
    public internal(set) var seconds = 0.0
  }

  /// Of λ_max; nil where it was not asked for.
  public internal(set) var curvature: Cost?
  /// Hessian-vector products.
  public internal(set) var curvatureProducts = 0
  /// Readings whose residual stayed above the tolerance, or that could not be made.
  public internal(set) var curvatureNotConverged = 0
  /// The last and the largest.
  public internal(set) var lastCurvature: CurvatureReading?
  public internal(set) var largestCurvature: CurvatureReading?
  /// Of the gradients' singular values; nil where they were not asked for.
  public internal(set) var spectra: Cost?

  init() {}

  mutating func add(_ reading: CurvatureReading) {
    curvature = (curvature ?? Cost()).adding(reading.seconds)
    curvatureProducts += reading.products
    curvatureNotConverged += reading.converged ? 0 : 1
    lastCurvature = reading
    if let value = reading.value, value > largestCurvature?.value ?? -.infinity {
      largestCurvature = reading
    }
  }

  mutating func add(_ spectrum: GradientSpectrum) {
    spectra = (spectra ?? Cost()).adding(spectrum.seconds)
  }
}

extension RunMeasurements.Cost {
  fileprivate func adding(_ seconds: Double) -> Self {
    var sum = self
    sum.readings += 1
    sum.seconds += seconds
    return sum
  }

  /// What it added to the training's own time, as a share of that; nil before the first step.
  public func share(ofTraining seconds: Double) -> Double? {
    seconds > 0 ? self.seconds / seconds : nil
  }
}
