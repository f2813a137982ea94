import Curvature
import TestSupport
import Testing
import Torch

/// What a solver may do with the vectors that it gives to a matrix and gets from it.
@Suite struct OperatorContractTests {
  /// Keeps every vector and every product, with copies of what they were.
  private final class WatchedMatrix: LinearOperator {
    private let inner = MatrixOperator(
      .identity(6, dtype: .float64) * 3
        + randomTensor([6], seed: 1, dtype: .float64).outer(
          randomTensor([6], seed: 1, dtype: .float64)))
    private(set) var seen: [(now: Tensor, then: Tensor)] = []

    var dimension: Int { inner.dimension }
    var dtype: DType { inner.dtype }
    var device: Device { inner.device }

    func callAsFunction(_ vector: Tensor) throws(CurvatureError) -> Tensor {
      let product = try inner(vector)
      seen += [(product, product.copied())]
      return product
    }
  }

  typealias Solver = @Sendable (any LinearOperator) throws -> Void
  static let solvers: [(name: String, run: Solver)] = [
    ("Lanczos", { _ = try Lanczos(count: 2, findsRepeated: true, verifiesResiduals: true)($0) }),
    ("PowerIteration", { _ = try PowerIteration(count: 2)($0) }),
    ("HutchinsonTrace", { _ = try HutchinsonTrace(maximumSamples: 5)($0) }),
    ("HutchPlusPlusTrace", { _ = try HutchPlusPlusTrace(sketchSize: 3, maximumSamples: 5)($0) }),
    ("StochasticLanczosDensity", { _ = try StochasticLanczosDensity(runs: 2, steps: 4)($0) }),
  ]

  /// A matrix may keep what it returns: a solver that wrote its remainder into a product would change it.
  @Test(arguments: solvers.indices)
  func `no solver writes to a product`(index: Int) throws {
    let (name, run) = Self.solvers[index]
    let matrix = WatchedMatrix()
    try run(matrix)
    #expect(matrix.seen.count >= 2)
    for (now, then) in matrix.seen {
      #expect(now.scalars(of: Double.self) == then.scalars(of: Double.self), "\(name)")
    }
  }

  /// Twice 2e38 is more than float32 holds, and of 64 random signs more than one is left over.
  @Test func `finite numbers whose sum overflows are finite`() throws {
    let matrix = MatrixOperator(.identity(64) * 2e38)
    let trace = try HutchinsonTrace(maximumSamples: 2, stop: .allSamples)(matrix)
    expectClose(trace.value, 64 * 2e38, relative: 1e-6)
    #expect(throws: CurvatureError.notFinite("product")) {
      _ = try HutchinsonTrace(maximumSamples: 2)(MatrixOperator(.identity(3) * .infinity))
    }
  }
}
