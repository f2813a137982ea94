import Curvature

extension InferenceMeasurement {
  /// Points of the smoothed curve.
  static let densityPoints = 256

  /// By Hutch++: two thirds of the products for the directions that hold most, a third for the rest.
  func trace(
    _ matrix: ObservedOperator, products: Int
  ) throws(CurvatureError) -> TraceEstimate {
    let sketch = products / 3
    return try HutchPlusPlusTrace(
      sketchSize: sketch, maximumSamples: products - 2 * sketch, seed: job.settings.seed)(matrix)
  }

  func density(
    _ matrix: ObservedOperator, _ settings: CurvatureSettings.DensitySettings
  ) throws(CurvatureError) -> CurvatureResults.Density {
    let spectrum = try StochasticLanczosDensity(
      runs: settings.vectors, steps: settings.steps, seed: job.settings.seed)(matrix)
    return CurvatureResults.Density(
      spectrum: spectrum, smoothed: spectrum.smoothed(points: Self.densityPoints))
  }
}
