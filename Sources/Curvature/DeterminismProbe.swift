import Torch

/// Whether the same parameters give the same numbers, which every solver takes for granted: loss,
/// gradient and one product are evaluated twice, from fresh graphs.
///
/// It catches what draws from one generator at every evaluation, and gradient views that remember.
public struct DeterminismProbe: Sendable {
  public var product: CurvatureProduct
  /// Of the relative differences; nil is half the digits of the parameters' type, which rounding in
  /// another order does not reach.
  public var tolerance: Double?
  /// Of the vector that is multiplied.
  public var seed: UInt64

  public init(
    product: CurvatureProduct = .transposedJacobian, tolerance: Double? = nil, seed: UInt64 = 0
  ) {
    self.product = product
    self.tolerance = tolerance
    self.seed = seed
  }

  /// ‖a − b‖ / max(‖a‖, ‖b‖) of two evaluations.
  public struct Differences: Codable, Equatable, Sendable {
    public let loss: Double
    public let gradient: Double
    public let product: Double
  }

  /// - Throws: ``CurvatureError/notDeterministic(_:difference:)`` with the first of the three that
  ///   differs, or what made an evaluation fail.
  @discardableResult
  public func callAsFunction(_ loss: LossFunction) throws(CurvatureError) -> Differences {
    let (first, second) = (try loss.evaluated(), try loss.evaluated())
    let vector = Tensor.normal(
      first.gradient.shape, dtype: first.gradient.dtype, using: Generator(seed: seed)
    ).moved(to: first.gradient.device)
    let lossDifference = try checked("loss", Tensor(first.loss), Tensor(second.loss), vector.dtype)
    let gradientDifference = try checked(
      "gradient", first.gradient, second.gradient, vector.dtype)
    let products = (
      try LossCurvature(of: loss, product: product)(vector),
      try LossCurvature(of: loss, product: product)(vector)
    )
    return Differences(
      loss: lossDifference, gradient: gradientDifference,
      product: try checked("product", products.0, products.1, vector.dtype))
  }

  private func checked(
    _ what: String, _ a: Tensor, _ b: Tensor, _ dtype: DType
  ) throws(CurvatureError) -> Double {
    let size = max(length(a), length(b))
    let difference = size > 0 ? length(a - b) / size : 0
    let precision = dtype == .float64 ? Double.ulpOfOne : Double(Float.ulpOfOne)
    guard difference <= tolerance ?? precision.squareRoot() else {
      throw .notDeterministic(what, difference: difference)
    }
    return difference
  }
}
