import Torch

extension GradientAlignment {
  /// The same question asked of what arrives at each image: δ[t] = ∂L/∂x[t], an example at a time.
  public struct Images: Codable, Sendable, Equatable {
    /// Mean over examples and pairs of steps of the cosine between δ[s] and δ[t], where neither is 0; nil without any.
    public let meanCosine: Double?
    /// How many examples it is the mean of: those with two gradients other than 0.
    public let examples: Int

    /// - Parameter gradients: `[T, B, …]`
    init(_ gradients: Tensor) {
      let (steps, count) = (gradients.size(0), gradients.size(1))
      let rows = gradients.reshaped([steps, count, -1]).permuted([1, 0, 2]).converted(to: .float64)
      let lengths = rows.norm(along: [2], keeping: true)
      let isSome = lengths .> 0
      let unit = rows / Tensor.select(isSome, lengths, Tensor.ones(lengths.shape, dtype: .float64))
      // Of unit vectors, ‖Σ u‖² − n is the sum over ordered pairs; vectors of 0 add nothing to either.
      let sums = unit.sum(along: [1]).squared().sum(along: [1]).scalars(of: Double.self)
      let known = isSome.sum(along: [1]).scalars(of: Int.self)
      let means = zip(sums, known).filter { $0.1 > 1 }.map { sum, known in
        (sum - Double(known)) / Double(known * (known - 1))
      }
      examples = means.count
      meanCosine = means.isEmpty ? nil : means.reduce(0, +) / Double(means.count)
    }

    /// The mean over all examples of all batches.
    init(meanOf batches: [Images]) {
      let total = batches.reduce(0) { $0 + $1.examples }
      examples = total
      meanCosine =
        total == 0
        ? nil
        : batches.reduce(0) { $0 + ($1.meanCosine ?? 0) * Double($1.examples) } / Double(total)
    }
  }
}
