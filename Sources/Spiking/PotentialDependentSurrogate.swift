import Torch

/// The potential-dependent surrogate of Lun et al. (PDSG, CVPR 2025): a normal density as wide as the layer's
/// potentials are spread.
///
///     g(u) = N(u; mean ½σ, standard deviation σ)
///
/// σ is the sample standard deviation (n − 1) of the potentials before the reset over the steps up to this one, all
/// examples and all positions, for each channel; a linear layer's units are its channels. Where it is 0, or there is
/// but one potential, σ = 1.
///
/// An example's gradient depends on the batch that it is in.
public struct PotentialDependentSurrogate: Sendable, Equatable {
  /// The mean in units of σ; ½ in the authors' release.
  public var shift: Double

  public init(shift: Double = 0.5) { self.shift = shift }

  /// g(u) at this step.
  ///
  /// - Parameters:
  ///   - u: potential above threshold, `[B, C, …]`, detached.
  ///   - spread: that of all steps up to this one, this one included.
  func slope(at u: Tensor, _ spread: PotentialSpread) -> Tensor {
    let sigma = spread.deviation
    let z = (u - sigma * shift) / sigma
    return (z.squared() * -0.5).exponential() / (sigma * (2 * Double.pi).squareRoot())
  }
}

/// Mean and spread of each channel's potentials, gathered step by step.
struct PotentialSpread {
  private var samples = 0.0
  private var mean: Tensor?
  /// Σ (u − mean)²
  private var squares: Tensor?

  /// Takes in another step, `[B, C, …]`: Chan's rule for joining two samples.
  mutating func add(_ u: Tensor) {
    let pooled = (0..<u.rank).filter { $0 != 1 }
    let count = Double(pooled.reduce(1) { $0 * u.size($1) })
    let stepMean = u.mean(along: pooled, keeping: true)
    // Welford's, so that the variance of equal values is exactly 0, which deviation looks for.
    let stepSquares = u.variance(along: pooled, correction: 0, keeping: true) * count
    guard let mean, let squares else {
      (samples, self.mean, self.squares) = (count, stepMean, stepSquares)
      return
    }
    let total = samples + count
    let difference = stepMean - mean
    self.mean = mean + difference * (count / total)
    self.squares = squares + stepSquares + difference.squared() * (samples * count / total)
    samples = total
  }

  /// σ, `[1, C, 1, …]`, of n − 1 degrees of freedom; 1 where there is no spread.
  var deviation: Tensor {
    guard let squares else { preconditionFailure("PotentialSpread: no step was added") }
    let sigma = (squares / Swift.max(samples - 1, 1)).squareRoot()
    return sigma + (sigma .== 0).converted(to: sigma.dtype)
  }
}
