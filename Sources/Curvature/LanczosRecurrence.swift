import Torch

/// The Lanczos recurrence with full reorthogonalisation: a basis that grows by one vector with each
/// product.
///
///     w = Hqⱼ,  b = ‖w − QQᵀw‖,  qⱼ₊₁ = (w − QQᵀw) / b
///
/// A thick restart (Wu and Simon 2000) replaces the basis by some of its Ritz vectors and goes on
/// in the same direction. Where a direction ends, because b = 0, or is left, a random one starts a
/// new sequence.
struct LanczosRecurrence<Matrix: LinearOperator> {
  let basis: OrthonormalBasis
  private(set) var projected = ProjectedMatrix()
  private(set) var products = 0
  /// max ‖Hqⱼ‖, at most ‖H‖.
  private(set) var scale = 0.0
  private(set) var restarts = 0

  private let matrix: Matrix
  private let generator: Generator
  private var next: Tensor?
  private var continues = false
  /// ⟨qⱼ₋₁, Hqⱼ⟩ = b of the step before, where the next direction came out of that.
  private var coupling: Double?

  init(_ matrix: Matrix, capacity: Int, seed: UInt64) {
    self.matrix = matrix
    basis = OrthonormalBasis(of: matrix, capacity: capacity)
    generator = Generator(seed: seed)
  }

  /// Whether Hq lies in the basis but for rounding, so that there is no next direction.
  var isExhausted: Bool { next == nil }
  /// Whether the basis spans the whole space.
  var isComplete: Bool { basis.count == basis.dimension }

  /// Takes a random direction next, orthogonal to the basis.
  ///
  /// - Parameter start: what to take instead of N(0, I).
  mutating func beginSequence(from start: Tensor? = nil) {
    let direction =
      start?.copied()
      ?? Tensor.normal([matrix.dimension], dtype: matrix.dtype, using: generator)
      .moved(to: matrix.device)
    direction.multiplyInPlace(by: 1 / basis.split(inPlace: direction).length)
    next = direction
    continues = false
    coupling = nil
  }

  /// One product.
  ///
  /// - Precondition: there is a direction to go on with, and the basis is not full.
  mutating func advance() throws(CurvatureError) {
    guard let vector = next else { preconditionFailure("LanczosRecurrence: no next direction") }
    basis.append(vector)
    next = nil
    let product = try matrix.product(with: vector)
    products += 1
    // The largest coefficients first, one by an accurate sum and one that is known: what is left of
    // the others is small, and so are its errors, and one pass over the basis is enough.
    let quotient = innerProduct(vector, product)
    let rest = product.adding(vector, scale: -quotient)
    if let coupling { rest.addInPlace(basis[basis.count - 2], scale: -coupling) }
    var (coefficients, outside) = basis.split(inPlace: rest)
    coefficients[coefficients.count - 1] += quotient
    if let coupling { coefficients[coefficients.count - 2] += coupling }
    projected.extend(coefficients, remainder: outside, continues: continues)
    let inside = coefficients.reduce(0) { $0 + $1 * $1 }
    scale = max(scale, (inside + outside * outside).squareRoot())
    // What is left of rounding alone has no direction: two passes could not make it orthogonal.
    if !isComplete, outside > noise / 2 {
      rest.multiplyInPlace(by: 1 / outside)
      next = rest
      continues = true
      coupling = outside
    }
  }

  /// Keeps these Ritz vectors alone; the next direction stays.
  mutating func restart(keeping pairs: some Sequence<RitzPair>) {
    restarts += 1
    coupling = nil
    let combinations = pairs.map(\.coefficients)
    basis.replace(byCombinations: combinations)
    projected.replace(byCombinations: combinations)
  }

  /// Residuals below this may be rounding alone.
  var noise: Double { 256 * matrix.dtype.roundoff * scale }

  /// ‖Hx − θx‖, with an allowance for rounding: in products and vectors, and once more with every
  /// change of basis.
  func residual(_ pair: RitzPair) -> Double {
    projected.residual(pair) + 32 * Double(1 + restarts) * matrix.dtype.roundoff * scale
  }
}

extension DType {
  /// Half the distance from 1 to the next number.
  var roundoff: Double { self == .float64 ? 0x1p-53 : 0x1p-24 }
}
