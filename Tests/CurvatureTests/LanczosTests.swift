import Curvature
import TestSupport
import Testing
import Torch

struct LanczosTests {
  private let outliers = KnownSpectrum(
    "", KnownSpectrum.outliers([50, -20, 9, 4, 3], bulk: 295))

  @Test(arguments: [1, 2, 7, 40], SpectrumOrder.allCases)
  func `agrees with LAPACK on matrices of no known spectrum`(size: Int, order: SpectrumOrder) throws
  {
    let normal = randomTensor([size, size], seed: UInt64(size), dtype: .float64)
    let matrix = MatrixOperator((normal + normal.transposed()) / 2)
    let all = try matrix.matrix.symmetricEigenDecomposition()
    let known = KnownSpectrum("", all.values.scalars(of: Double.self))
    let count = min(3, size)
    let found = try Lanczos(count: count, order: order, tolerance: 1e-10)(matrix)
    #expect(found.converged)
    expectClose(
      found.eigenvalues.map(\.value), known.top(count, order), relative: 0,
      absolute: 1e-9 * known.scale)
    // The vectors are LAPACK's but for their signs.
    for (eigenvalue, vector) in zip(found.eigenvalues, found.vectors) {
      let column = known.eigenvalues.indices.min {
        abs(known.eigenvalues[$0] - eigenvalue.value)
          < abs(known.eigenvalues[$1] - eigenvalue.value)
      }!
      expectClose(
        abs(vector.dot(all.vectors.selecting(column, along: 1)).item()), 1, relative: 1e-8)
    }
  }

  @Test func `at least five times fewer products than power iteration for the same residuals`()
    throws
  {
    let matrix = outliers.matrix(seed: 1)
    let found = try Lanczos()(matrix)
    #expect(found.converged)
    let target = found.eigenvalues.map(\.residual).max()!
    var power = PowerIteration(count: 5, maximumIterations: 1000)
    var other = try power(matrix)
    while other.eigenvalues.map(\.residual).max()! > target {
      power.tolerance /= 2
      other = try power(matrix)
    }
    #expect(5 * found.products <= other.products)
  }

  @Test(arguments: [8, 9, 12, 15])
  func `a bounded basis costs products, not accuracy`(basisSize: Int) throws {
    let matrix = outliers.matrix(seed: 2)
    var lanczos = Lanczos(tolerance: 1e-9, maximumProducts: 400, basisSize: 300)
    let whole = try lanczos(matrix)
    lanczos.basisSize = basisSize
    let bounded = try lanczos(matrix)
    #expect(whole.converged && bounded.converged)
    #expect(whole.basisVectors == whole.products)
    #expect(bounded.basisVectors == basisSize)
    #expect(bounded.products > basisSize)
    #expect(bounded.products < 3 * whole.products)
    expectClose(
      bounded.eigenvalues.map(\.value), whole.eigenvalues.map(\.value), relative: 0,
      absolute: 1e-7)
    for (eigenvalue, vector) in zip(bounded.eigenvalues, bounded.vectors) {
      #expect(
        measuredResidual(matrix, vector, eigenvalue.value) <= eigenvalue.residual * (1 + 1e-6))
    }
  }

  /// What the memory of a basis buys: little where the wanted values stand apart, much inside of a bulk.
  @Test(arguments: [true, false]) func `a smaller basis costs as many more products as stated`(
    _ standsApart: Bool
  ) throws {
    let spectrum =
      standsApart
      ? KnownSpectrum.geometric(300, ratio: 0.97, alternating: true)
      : KnownSpectrum.outliers([], bulk: 300)
    for seed in 1...3 as ClosedRange<UInt64> {
      let matrix = KnownSpectrum("", spectrum).matrix(seed: seed)
      let products = try [10, 20, 300].map { size in
        let found = try Lanczos(maximumProducts: 1000, basisSize: size, seed: seed)(matrix)
        #expect(found.converged)
        return Double(found.products)
      }
      let (half, whole) = (products[0] / products[1], products[1] / products[2])
      #expect(standsApart ? half <= 1.34 : half > 1.34 && half <= 3, "\(products)")
      #expect(whole <= (standsApart ? 1.2 : 1.5), "\(products)")
    }
  }

  @Test func `one start sees a repeated eigenvalue once, and says that it did not look`() throws {
    let spectrum = KnownSpectrum("", [9, 9, 5] + KnownSpectrum.outliers([], bulk: 100))
    let matrix = spectrum.matrix(seed: 3)
    let once = try Lanczos(count: 2)(matrix)
    #expect(once.converged)
    #expect(once.repeats == .notSearched)
    expectClose(once.eigenvalues.map(\.value), [9, 5], relative: 1e-5)
    let twice = try Lanczos(count: 2, findsRepeated: true)(matrix)
    #expect(twice.converged)
    #expect(twice.repeats == .searched)
    expectClose(twice.eigenvalues.map(\.value), [9, 9], relative: 1e-5)
    let short = try Lanczos(count: 2, maximumProducts: once.products + 1, findsRepeated: true)(
      matrix)
    #expect(short.repeats == .interrupted)
  }

  @Test func `a sequence that ends is followed by others at once`() throws {
    // Two distinct eigenvalues: the first sequence ends after two products and has seen each once.
    let spectrum = KnownSpectrum("", [5, 5, 5] + .init(repeating: 1, count: 60))
    let found = try Lanczos(count: 3)(spectrum.matrix(seed: 4))
    #expect(found.repeats == .searched)
    expectClose(found.eigenvalues.map(\.value), [5, 5, 5], relative: 1e-9)
    #expect(found.products <= 12)
  }

  @Test func `a change of basis, a factor and a shift do to eigenvalues what they should`() throws {
    let spectrum = KnownSpectrum("", [8, -6, 3] + KnownSpectrum.outliers([], bulk: 40))
    let matrix = spectrum.matrix(seed: 5).matrix
    func top(_ matrix: Tensor, _ order: SpectrumOrder) throws -> [Double] {
      try Lanczos(count: 3, order: order, tolerance: 1e-9)(MatrixOperator(matrix)).eigenvalues.map(
        \.value)
    }
    let q = randomOrthogonal(spectrum.dimension, seed: 6)
    for order in SpectrumOrder.allCases {
      let values = try top(matrix, order)
      expectClose(
        try top(q.matmul(matrix).matmul(q.transposed()), order), values, relative: 0,
        absolute: 1e-8)
      for factor in [1e-12, 3, 1e12] {
        expectClose(
          try top(matrix * factor, order), values.map { factor * $0 }, relative: 0,
          absolute: 1e-8 * factor)
      }
    }
    let shifted = matrix + 11 * Tensor.identity(spectrum.dimension, dtype: .float64)
    for order in [SpectrumOrder.algebraic, .smallest] {
      expectClose(
        try top(shifted, order), try top(matrix, order).map { $0 + 11 }, relative: 0,
        absolute: 1e-7)
    }
    // Negation turns one end into the other.
    expectClose(
      try top(-matrix, .smallest), try top(matrix, .algebraic).map { -$0 }, relative: 0,
      absolute: 1e-8)
  }

  @Test func `what has not converged says so, and is no worse than its residual`() throws {
    let spectrum = KnownSpectrum("", KnownSpectrum.outliers([], bulk: 200))
    let matrix = spectrum.matrix(seed: 7)
    let found = try Lanczos(count: 3, tolerance: 1e-8, maximumProducts: 15)(matrix)
    #expect(!found.converged)
    #expect(found.products == 15)
    #expect(found.eigenvalues.count == 3)
    for (eigenvalue, vector) in zip(found.eigenvalues, found.vectors) {
      #expect(!eigenvalue.converged)
      expectClose(
        measuredResidual(matrix, vector, eigenvalue.value), eigenvalue.residual, relative: 1e-6)
    }
  }

  @Test func `verified residuals are measured, one product each`() throws {
    let matrix = outliers.matrix(seed: 8, dtype: .float32)
    let plain = try Lanczos()(matrix)
    let verified = try Lanczos(verifiesResiduals: true)(matrix)
    #expect(verified.products == plain.products + 5)
    #expect(verified.eigenvalues.map(\.value) == plain.eigenvalues.map(\.value))
    for (index, eigenvalue) in verified.eigenvalues.enumerated() {
      expectClose(
        eigenvalue.residual, measuredResidual(matrix, verified.vectors[index], eigenvalue.value),
        relative: 1e-2, absolute: 1e-5)
      #expect(eigenvalue.residual <= plain.eigenvalues[index].residual * 1.01)
    }
  }

  @Test func `a matrix that is not symmetric shows, and residuals stay honest`() throws {
    let symmetric = outliers.matrix(seed: 9).matrix
    let n = outliers.dimension
    let noise = randomTensor([n, n], seed: 10, dtype: .float64) * 0.05
    let skew = MatrixOperator(symmetric + noise - noise.transposed())
    let found = try Lanczos(maximumProducts: 60)(skew)
    #expect(found.asymmetry! > 1e-3)
    #expect(found.asymmetry! <= (2 * (noise - noise.transposed())).norm().item() / 50)
    #expect(!found.converged)
    for (eigenvalue, vector) in zip(found.eigenvalues, found.vectors) {
      let measured = measuredResidual(skew, vector, eigenvalue.value)
      #expect(measured <= eigenvalue.residual * (1 + 1e-6))
    }
  }

  @Test func `equal seeds give equal bits, other seeds other bits and the same values`() throws {
    let matrix = outliers.matrix(seed: 11)
    func run(_ seed: UInt64) throws -> TopEigenvalues {
      try Lanczos(basisSize: 9, findsRepeated: true, seed: seed)(matrix)
    }
    let (a, b, c) = (try run(1), try run(1), try run(2))
    #expect(a.eigenvalues == b.eigenvalues)
    #expect(zip(a.vectors, b.vectors).allSatisfy { $0.isIdentical(to: $1) })
    #expect(a.eigenvalues != c.eigenvalues)
    expectClose(
      a.eigenvalues.map(\.value), c.eigenvalues.map(\.value), relative: 0, absolute: 2 * 50 * 1e-3)
  }

  @Test func `a long float32 vector keeps its digits`() throws {
    // The engine's running sums lose four digits here, and θ is of the order of the squared length.
    let matrix = RankOne(dimension: 5_000_000)
    let found = try Lanczos(count: 1, basisSize: 4)(matrix)
    expectClose(found.eigenvalues[0].value, 3, relative: 2e-6)
    let vector = found.vectors[0].converted(to: .float64)
    expectClose((vector * vector).sum().item(), 1, relative: 1e-6)
    #expect(found.converged)
    #expect(found.products <= 4)
  }

  /// Where squares of float32 are 0 or infinite: of a loss that is fitted to the last digit, or of one that diverges.
  @Test(arguments: [1e-28, 1, 1e25]) func `float32 matrices of any size keep their eigenvalues`(
    _ factor: Double
  ) throws {
    let matrix = MatrixOperator(outliers.matrix(seed: 13, dtype: .float32).matrix * factor)
    let found = try Lanczos(count: 3, tolerance: 1e-4)(matrix)
    #expect(found.converged)
    expectClose(
      found.eigenvalues.map(\.value), [50, -20, 9].map { $0 * factor }, relative: 1e-4)
    #expect(found.eigenvalues.allSatisfy { $0.residual > 0 && $0.residual <= 5e-3 * factor })
  }

  @Test func `impossible wishes and products of NaN are errors`() {
    let small = MatrixOperator(.identity(3, dtype: .float64))
    #expect(throws: CurvatureError.tooMany("eigenvalues", asked: 4, dimension: 3)) {
      _ = try Lanczos(count: 4)(small)
    }
    let broken = MatrixOperator(Tensor([1.0, .nan, .nan, 2], shape: [2, 2]))
    #expect(throws: CurvatureError.notFinite("product")) { _ = try Lanczos(count: 1)(broken) }
  }

  /// In two dimensions the number does not depend on the basis.
  @Test func `asymmetry is the largest difference over the largest eigenvalue`() throws {
    // The symmetric part has 3 and 1; the entries differ by 1.
    let found = try Lanczos(count: 2)(MatrixOperator(Tensor([2, 1.5, 0.5, 2], shape: [2, 2])))
    expectClose(found.eigenvalues.map(\.value), [3, 1], relative: 1e-12)
    expectClose(found.asymmetry!, 1 / 3.0, relative: 1e-12)
    expectClose(found.dominantShare!, 0.75, relative: 1e-12)
  }
}

/// 3 uuᵀ of a random unit vector u: cheap at any size, and summed in float64.
private struct RankOne: LinearOperator {
  let dimension: Int
  let dtype = DType.float32
  let device = Device.cpu
  private let direction: Tensor

  init(dimension: Int) {
    self.dimension = dimension
    let normal = randomTensor([dimension], seed: 12, dtype: .float64)
    direction = normal / (normal * normal).sum().squareRoot()
  }

  func callAsFunction(_ vector: Tensor) throws(CurvatureError) -> Tensor {
    let along = (direction * vector.converted(to: .float64)).sum()
    return (3 * along * direction).converted(to: .float32)
  }
}
