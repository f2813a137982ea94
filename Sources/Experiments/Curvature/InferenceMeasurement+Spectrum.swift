import Curvature

extension InferenceMeasurement {
  func trace(
    _ matrix: ObservedOperator, products: Int
  ) throws(CurvatureError) -> TraceEstimate? { nil }

  func density(
    _ matrix: ObservedOperator, _ settings: CurvatureSettings.DensitySettings
  ) throws(CurvatureError) -> DensityCurve? { nil }
}
