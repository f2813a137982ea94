import Torch

/// The shortest way from a point of the pixel box to a hyperplane, without leaving the box.
///
///     min ‖d‖  subject to  v + w·d = 0,  0 ≤ x + d ≤ 1
///
/// v is the value at x of the affine function that vanishes on the hyperplane, w its slope. Every pixel moves
/// against sgn(v) w, at a rate of 1 (L∞) or |w_i| (L2), until it meets the box: dᵢ = −sgn(v wᵢ) rᵢ min(λ, qᵢ), where qᵢ
/// is when it does. What remains is one equation, piecewise linear and growing in λ:
///
///     Σ aᵢ min(λ, qᵢ) = |v|      L∞: rᵢ = 1, aᵢ = |wᵢ|      L2: rᵢ = |wᵢ|, aᵢ = wᵢ²
///
/// solved exactly by sorting qᵢ. If the box does not reach the hyperplane, every pixel goes as far as it can. Croce and
/// Hein, *Minimally distorted adversarial examples with a fast adaptive boundary attack*, arXiv 1907.02044, section 3.1.
struct HyperplaneProjection {
  let norm: ThreatModel.Norm

  /// The displacements d.
  ///
  /// - Parameters:
  ///   - points: x, `[B, D]` in [0, 1].
  ///   - values: v, `[B]`.
  ///   - slopes: w, `[B, D]`. Where it is 0 throughout there is no way, and d is 0.
  /// - Returns: `[B, D]`, float64: sums over many pixels round too much in float32.
  func callAsFunction(_ points: Tensor, values: Tensor, slopes: Tensor) -> Tensor {
    let (x, slopes) = (points.converted(to: .float64), slopes.converted(to: .float64))
    // The hyperplane does not know the scale of (v, w): gradients of any size have a way.
    let scale = Self.oneWhereZero(slopes.norm(.infinity, along: [1], keeping: true))
    let scaled = slopes / scale
    // A pixel of a slope below 1e-100 of the largest: its square would vanish.
    let w = scaled * (scaled.magnitude() .> 1e-100).converted(to: .float64)
    let v = values.converted(to: .float64).unsqueezed(1) / scale

    let direction = -(v.sign() * w.sign())
    let rate = norm == .linf ? w.sign().magnitude() : w.magnitude()
    let room = Tensor.select(direction .> 0, 1 - x, x)
    // A pixel without a rate has no weight either: when it would meet the box does not matter.
    let meeting = room / Self.oneWhereZero(rate)
    let time = Self.root(weights: w.magnitude() * rate, caps: meeting, total: v.magnitude())
    return direction * rate * Tensor.minimum(time, meeting)
  }

  /// λ with Σ aᵢ min(λ, qᵢ) = total, `[B, 1]`; the last cap where the sum never gets there.
  private static func root(weights: Tensor, caps: Tensor, total: Tensor) -> Tensor {
    let pixels = caps.size(1)
    let (sortedCaps, order) = caps.sorted(along: 1)
    let sortedWeights = weights.picking(order, along: 1)
    // Column k of both is about the time when k pixels have met the box, k = 0 … D.
    let zero = Tensor.zeros(like: total)
    let met = Tensor.concatenating(
      [zero, (sortedWeights * sortedCaps).cumulativeSum(along: 1)], along: 1)
    let open = Tensor.concatenating(
      [sortedWeights.flipped(along: 1).cumulativeSum(along: 1).flipped(along: 1), zero], along: 1)
    let after = 1..<pixels + 1
    let sums = met.slicing(after, along: 1) + sortedCaps * open.slicing(after, along: 1)
    let count = (total .> sums).converted(to: .int64).sum(along: [1], keeping: true)
    let slope = open.picking(count, along: 1)
    let time = (total - met.picking(count, along: 1)) / oneWhereZero(slope)
    let last = sortedCaps.slicing(pixels - 1..<pixels, along: 1)
    return Tensor.select(slope .> 0, time.clamped(0, nil), last)
  }

  private static func oneWhereZero(_ values: Tensor) -> Tensor {
    values + (values .== 0).converted(to: values.dtype)
  }
}
