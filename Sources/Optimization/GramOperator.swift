import Torch

/// K = AAᵀ, where A is the matrix or its transpose, whichever has fewer rows. K is not formed to be applied.
///
/// On a ``FusedMatrix``, or composed of the engine's operators: on other devices, and in float64.
struct GramOperator {
  let side: Int
  let longerSide: Int
  /// ‖A‖_F², the trace of K.
  let energy: Double
  private let isWide: Bool
  private let a: Tensor
  private let transposed: Tensor
  private let fused: FusedMatrix?

  var dtype: DType { a.dtype }
  var device: Device { a.device }
  var unitRoundoff: Double { dtype == .float64 ? 0x1p-53 : 0x1p-24 }

  /// - Parameter fused: the same matrix, or nil for the engine's operators.
  init(_ matrix: Tensor, norm: Double, fused: FusedMatrix?) {
    self.fused = fused
    let other = matrix.transposed()
    let shape = matrix.shape
    isWide = shape[0] <= shape[1]
    (a, transposed) = isWide ? (matrix, other) : (other, matrix)
    side = min(shape[0], shape[1])
    longerSide = max(shape[0], shape[1])
    energy = norm * norm
  }

  func lanczos(from start: Tensor, capacity: Int) -> any LanczosProcess {
    guard let fused else { return LanczosRun(self, start: start, capacity: capacity) }
    return FusedLanczosRun(fused, start: start, capacity: capacity)
  }

  func applied(to vector: Tensor) -> Tensor {
    summed(transposed.times(vector: vector))
  }

  private static let block = 2048
  /// Up to this side K is summed in float64. Larger ones, only asked for after a failed iteration, would take
  /// tens of megabytes for the parts of their sums.
  private static let exactSide = 256

  /// A · right, whose sums run along the longer side; `right` is a vector or a matrix.
  ///
  /// The engine adds thousands of products in a row, and where many are alike, as for the 49 equal copies
  /// before the released head, their roundings add up to more than the tolerances allow. So sums of more than
  /// three blocks are taken block by block.
  private func summed(_ right: Tensor) -> Tensor {
    let length = a.size(1)
    guard length > 3 * Self.block else { return a.matmul(right) }
    let parts = stride(from: 0, to: length, by: Self.block).map {
      let block = $0..<min($0 + Self.block, length)
      return a.slicing(block, along: 1).matmul(right[block])
    }
    return Tensor.stacking(parts).sum(along: [0])
  }

  /// A unit vector of K's space near the one that belongs to a right singular vector of an earlier matrix; nil if
  /// it does not fit this one.
  func projectedStart(_ right: Tensor) -> Tensor? {
    guard right.shape == [isWide ? a.size(1) : side], right.dtype == dtype, right.device == device
    else { return nil }
    guard isWide else { return right }
    let image = summed(right)
    let length = image.norm().item()
    return length > 0 && length.isFinite ? image / length : nil
  }

  /// The triple that belongs to a unit vector of the smaller side, with σ and the residual measured.
  func triple(unit: Tensor, second: Double, iterations: Int, fellBack: Bool) -> LeadingTriple {
    let unit = (unit / unit.norm()).converted(to: dtype)
    let (image, square, miss) = fused?.image(of: unit) ?? self.image(of: unit)
    let sigma = square.squareRoot()
    let isDominant = energy - square <= square / 2
    return LeadingTriple(
      left: isWide ? unit : image, right: isWide ? image : unit,
      unitSide: isWide ? .left : .right, sigma: sigma, second: second,
      energy: min(1, square / energy), iterations: iterations,
      residual: miss / square, fellBack: fellBack,
      warmStart: isDominant ? (isWide ? image / sigma : unit) : nil)
  }

  private func image(of unit: Tensor) -> (image: Tensor, square: Double, miss: Double) {
    let image = transposed.times(vector: unit)
    let value = image.dot(image)
    let miss = (summed(image) - unit * value).norm()
    let numbers = Tensor.stacking([value, miss]).scalars(of: Double.self)
    return (image, numbers[0], numbers[1])
  }

  /// The triple from all of K's eigenvectors; nil when LAPACK fails or the residual is not that of rounding.
  func decomposed(fellBack: Bool) -> LeadingTriple? {
    let exact = side <= Self.exactSide ? fused?.gram() : nil
    let gram = exact ?? summed(transposed)
    guard let (values, vectors) = try? gram.symmetricEigenDecomposition() else { return nil }
    let found = triple(
      unit: vectors.selecting(side - 1, along: 1),
      second: max(0, values[side - 2].item()).squareRoot(), iterations: 0, fellBack: fellBack)
    let rounding = 32 * unitRoundoff * energy.squareRoot() / found.sigma
    return found.residual <= rounding ? found : nil
  }
}
