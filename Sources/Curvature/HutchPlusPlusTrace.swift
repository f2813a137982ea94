import Torch

/// tr H in two parts: the few directions that hold most of H exactly, the rest from random signs.
///
///     Q = an orthonormal basis of HS,  S ~ N(0, 1)ⁿˣˢ
///     tr H ≈ tr QᵀHQ + 1/m Σ vᵢᵀ(I − QQᵀ)H(I − QQᵀ)vᵢ,  vᵢ ∈ {−1, 1}ⁿ
///
/// Unbiased. For a positive semidefinite H of k products the relative error falls as 1/k, not as
/// Hutchinson's 1/√k; where the rank of H is at most s it is exact. 2s products for the first part,
/// one for each sample of the rest; s vectors `[n]` of memory.
///
/// **Standard error.** The paper gives bounds only. Given Q the first part is a number without
/// error and the samples of the second are independent and unbiased, so the standard error of their
/// mean is that of the whole.
///
/// Source: Meyer, Musco, Musco and Woodruff, "Hutch++: Optimal Stochastic Trace Estimation", 2021,
/// algorithm 1.
public struct HutchPlusPlusTrace: Sendable {
  /// s, the columns of S.
  public var sketchSize: Int
  /// m, at most.
  public var maximumSamples: Int
  public var stop: TraceStop
  /// Of S and the vᵢ.
  public var seed: UInt64

  /// - Precondition: a sample or more, a column or more.
  public init(
    sketchSize: Int = 10, maximumSamples: Int = 80, stop: TraceStop = .relativeError(0.05),
    seed: UInt64 = 0
  ) {
    precondition(
      sketchSize >= 1 && maximumSamples >= 1,
      "HutchPlusPlusTrace: expected a column and a sample or more, got \(sketchSize) and "
        + "\(maximumSamples)")
    self.sketchSize = sketchSize
    self.maximumSamples = maximumSamples
    self.stop = stop
    self.seed = seed
  }

  /// - Throws: ``CurvatureError`` where the sketch has more columns than H, or a product fails.
  public func callAsFunction(_ matrix: some LinearOperator) throws(CurvatureError) -> TraceEstimate
  {
    guard sketchSize <= matrix.dimension else {
      throw .tooMany("sketch columns", asked: sketchSize, dimension: matrix.dimension)
    }
    let generator = Generator(seed: seed)
    let basis = OrthonormalBasis(of: matrix, capacity: sketchSize)
    var products = 0
    var inside = 0.0
    for _ in 0..<sketchSize {
      // Signs could be linearly dependent, in few dimensions.
      let column = Tensor.normal([matrix.dimension], dtype: matrix.dtype, using: generator)
      let image = try matrix.product(with: column.moved(to: matrix.device))
      products += 1
      let direction = image.copied()
      let rest = basis.split(inPlace: direction).length
      // An image that the basis holds already, but for rounding: the rank of H is used up.
      guard rest > 128 * matrix.dtype.roundoff * length(image) else { continue }
      direction.multiplyInPlace(by: 1 / rest)
      basis.append(direction)
      inside += innerProduct(direction, try matrix.product(with: direction))
      products += 1
    }
    var samples = TraceSamples(stop, offset: inside)
    while samples.count < maximumSamples, !samples.isSettled {
      let probe = matrix.randomSigns(using: generator)
      _ = basis.split(inPlace: probe)
      samples.add(innerProduct(probe, try matrix.product(with: probe)))
    }
    return samples.estimate(products: products + samples.count)
  }
}
