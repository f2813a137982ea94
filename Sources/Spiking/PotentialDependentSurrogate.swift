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
  ///   - potentials: those of all steps up to this one, this one included.
  func slope(at u: Tensor, among potentials: [Tensor]) -> Tensor {
    let sigma = spread(of: potentials)
    let z = (u - sigma * shift) / sigma
    return (z.squared() * -0.5).exponential() / (sigma * (2 * Double.pi).squareRoot())
  }

  /// σ, `[1, C, 1, …]`.
  func spread(of potentials: [Tensor]) -> Tensor {
    let all = Tensor.concatenating(potentials)
    let pooled = (0..<all.rank).filter { $0 != 1 }
    let samples = pooled.reduce(1) { $0 * all.size($1) }
    let shape = (0..<all.rank).map { $0 == 1 ? all.size(1) : 1 }
    guard samples > 1 else { return Tensor.ones(shape, dtype: all.dtype).moved(to: all.device) }
    let sigma = all.variance(along: pooled, keeping: true).squareRoot()
    return sigma + (sigma .== 0).converted(to: sigma.dtype)
  }
}
