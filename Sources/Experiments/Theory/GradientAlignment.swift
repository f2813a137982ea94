import Torch

/// How much the gradients g[t] of one weight, one for each time step, point the same way, and how much of their sum
/// G = Σ g[t] lies along one matrix u vᵀ of rank one.
///
/// A weight `[out, …]` is the matrix `[out, rest]`. Computed in float64 whatever the gradients are.
public struct GradientAlignment: Codable, Sendable, Equatable {
  /// ‖g[t]‖, for each step.
  public let norms: [Double]
  /// ‖G‖
  public let norm: Double
  /// Mean over pairs of steps of ⟨g[s], g[t]⟩ / ‖g[s]‖ ‖g[t]‖, in −1 ... 1; nil where no two are other than 0. 0 is what
  /// directions without anything in common would have.
  public let meanCosine: Double?
  /// ‖Σ g[t]‖² / (T Σ ‖g[t]‖²), in 0 ... 1: 1 where all are equal, 1/T where they are orthogonal, less where they cancel.
  public let coherence: Double?
  /// The largest share of Σ ‖g[t]‖² that lies along one direction of the weight's space, in 1/T ... 1. Unlike the
  /// coherence it does not ask for equal lengths or signs.
  public let commonDirectionShare: Double?
  /// σ₁² / ‖G‖²: the share of G's energy along its best matrix of rank one, u₁ v₁ᵀ, which deflation removes.
  public let rankOneShare: Double?
  /// ⟨g[t], u₁ v₁ᵀ⟩ / ‖g[t]‖ for each step, in −1 ... 1, with G's dominant pair; nil where g[t] is 0.
  public let dominantCosines: [Double?]

  public var steps: Int { norms.count }

  /// - Parameter gradients: `[T, out, …]`, at least two extents.
  /// - Throws: `TorchError` where LAPACK does not converge.
  public init(_ gradients: Tensor) throws(TorchError) {
    let (steps, rows) = (gradients.size(0), gradients.size(1))
    let gram = Self.gram(gradients.reshaped([steps, -1]))
    let entries = gram.scalars(of: Double.self)
    let squares = (0..<steps).map { max(entries[$0 * steps + $0], 0) }
    let energy = squares.reduce(0, +)
    norms = squares.map { $0.squareRoot() }
    meanCosine = Self.meanCosine(entries, norms)
    let total = Tensor.zeros(Array(gradients.shape.dropFirst()), dtype: .float64)
    for step in 0..<steps {
      total.addInPlace(gradients.selecting(step, along: 0).converted(to: .float64))
    }
    let matrix = total.reshaped([rows, -1])
    let squaredNorm = total.squared().sum().item()
    norm = squaredNorm.squareRoot()
    guard energy > 0 else {
      (coherence, commonDirectionShare, rankOneShare) = (nil, nil, nil)
      dominantCosines = norms.map { _ in nil }
      return
    }
    coherence = squaredNorm / (Double(steps) * energy)
    commonDirectionShare = try gram.symmetricEigenDecomposition().values.max().item() / energy
    guard squaredNorm > 0 else {
      rankOneShare = nil
      dominantCosines = norms.map { _ in nil }
      return
    }
    let pair = try Self.dominantPair(of: matrix)
    rankOneShare = pair.square / squaredNorm
    let direction = pair.u.outer(pair.v).flattened()
    dominantCosines = zip(0..<steps, norms).map { step, norm in
      let gradient = gradients.selecting(step, along: 0).converted(to: .float64).flattened()
      return norm > 0 ? gradient.dot(direction).item() / norm : nil
    }
  }

  /// A Aᵀ, `[T, T]` in float64. A block of columns at a time: in float64 all of A may be too large.
  private static func gram(_ rows: Tensor) -> Tensor {
    let (steps, width) = (rows.size(0), rows.size(1))
    let gram = Tensor.zeros([steps, steps], dtype: .float64)
    for start in stride(from: 0, to: width, by: 1 << 20) {
      let block = rows.slicing(start..<min(start + 1 << 20, width), along: 1)
        .converted(to: .float64)
      gram.addInPlace(block.matmul(block.transposed()))
    }
    return gram
  }

  private static func meanCosine(_ gram: [Double], _ norms: [Double]) -> Double? {
    let steps = norms.count
    var (sum, count) = (0.0, 0)
    for s in 0..<steps where norms[s] > 0 {
      for t in 0..<s where norms[t] > 0 {
        sum += gram[s * steps + t] / (norms[s] * norms[t])
        count += 1
      }
    }
    return count == 0 ? nil : sum / Double(count)
  }

  /// σ₁² and the singular vectors of a matrix other than 0, from the Gram matrix of its shorter side.
  private static func dominantPair(
    of matrix: Tensor
  ) throws(TorchError) -> (square: Double, u: Tensor, v: Tensor) {
    let isTall = matrix.size(0) > matrix.size(1)
    let wide = isTall ? matrix.transposed() : matrix
    let (values, vectors) = try wide.matmul(wide.transposed()).symmetricEigenDecomposition()
    let short = vectors.selecting(values.argmax(along: 0).scalars(of: Int.self)[0], along: 1)
    let image = wide.transposed().times(vector: short)
    let square = image.squared().sum().item()
    let long = image / square.squareRoot()
    return (square, isTall ? long : short, isTall ? short : long)
  }
}

extension GradientAlignment {
  /// The mean of each measure over batches, where it is one.
  ///
  /// - Precondition: at least one, all of as many steps.
  public init(meanOf batches: [GradientAlignment]) {
    func mean(_ measure: (GradientAlignment) -> Double?) -> Double? {
      let values = batches.compactMap(measure)
      return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
    let steps = 0..<batches[0].steps
    norms = steps.map { step in mean { $0.norms[step] }! }
    norm = mean(\.norm)!
    meanCosine = mean(\.meanCosine)
    coherence = mean(\.coherence)
    commonDirectionShare = mean(\.commonDirectionShare)
    rankOneShare = mean(\.rankOneShare)
    dominantCosines = steps.map { step in mean { $0.dominantCosines[step] } }
  }
}
