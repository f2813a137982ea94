import Torch

/// The rate gradient of Bu et al. (RGA, CVPR 2023): a spiking neuron seen as a function from mean current to rate.
///
/// Under a constant current c the membrane settles at c / (1 − λ) and a neuron with leak λ and threshold θ is silent
/// for c ≤ (1 − λ)θ. Its rate is taken for two straight lines, a slope γ up to there and then one that reaches rate 1
/// at βθ:
///
///     slope(c) = γ                                    for 0 ≤ c ≤ (1 − λ)θ
///                (1 − γθ + γλθ) / ((λ + β − 1) θ)     for (1 − λ)θ < c ≤ βθ
///                0                                    elsewhere
///
/// and integrate-and-fire (λ = 1) has 1 / (βθ) on [0, βθ]. The gradient of every step is multiplied by the slope at
/// the mean of c over time.
///
/// The authors' neuron has θ = 1, a hard reset and no factor on its input. θ and λ are the neuron's own here, and c is
/// inputScale · x, so that the slope with respect to x has that factor too. Under a soft reset or none the lines are
/// the same: rates are higher there, but the silent range, which the lines are about, does not depend on the reset.
public struct RateGradient: Sendable, Equatable {
  /// γ
  public var subthresholdSlope: Double
  /// β, in thresholds
  public var saturation: Double

  /// - Precondition: β > 1, and γ ≥ 0.
  public init(subthresholdSlope: Double = 0.2, saturation: Double = 2) {
    precondition(
      subthresholdSlope >= 0 && saturation > 1 && saturation.isFinite,
      "RateGradient: expected γ ≥ 0 and β > 1, got \(subthresholdSlope) and \(saturation)")
    self.subthresholdSlope = subthresholdSlope
    self.saturation = saturation
  }

  /// The slope at mean currents c, of any shape.
  public func slope(at current: Tensor, leak: Double, threshold: Double) -> Tensor {
    func inside(_ low: Tensor, _ high: Tensor, times slope: Double) -> Tensor {
      (low .& high).converted(to: current.dtype) * slope
    }
    let silent = (1 - leak) * threshold
    let end = saturation * threshold
    guard silent > 0 else { return inside(current .>= 0, current .<= end, times: 1 / end) }
    let steep = (1 - subthresholdSlope * silent) / (end - silent)
    return inside(current .>= 0, current .<= silent, times: subthresholdSlope)
      + inside(current .> silent, current .<= end, times: steep)
  }
}
