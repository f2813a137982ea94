import Testing
import Torch

@testable import Optimization

/// What holds for every gradient, over seeds, shapes and types.
@Suite struct DeflationInvariantTests {
  struct Problem: Sendable {
    let rows: Int, columns: Int
    let seed: UInt64
    let dtype: DType
    let solver: DominantSingularDeflation.Solver
    var gradient: Tensor {
      Matrices.gradient(rows, columns, seed: seed).converted(to: dtype)
    }
    /// Rounding of the type, with room for sums over the matrix.
    var tolerance: Double { dtype == .float32 ? 1e-5 : 1e-12 }
    /// For comparing two results: the fast solver stops at its rule in float64 too, not at rounding.
    var agreement: Double {
      if case .fast = solver { 1e-5 } else { 100 * tolerance }
    }
    func deflated(_ gradient: Tensor) -> Tensor {
      applied(DominantSingularDeflation(solver: solver), to: gradient)
    }
  }

  static let problems: [Problem] = [
    (2, 2), (13, 7), (64, 27), (31, 97), (97, 61), (70, 301), (10, 1001),
  ].flatMap { shape in
    [DType.float32, .float64].flatMap { dtype in
      [DominantSingularDeflation.Solver.fast, .svd].enumerated().map {
        Problem(
          rows: shape.0, columns: shape.1, seed: UInt64(shape.0 + $0.offset), dtype: dtype,
          solver: $0.element)
      }
    }
  }

  @Test(arguments: problems.indices)
  func energyRemovedIsTheSquareOfTheLargestSingularValue(_ index: Int) throws {
    let problem = Self.problems[index]
    let g = problem.gradient
    let d = problem.deflated(g)
    let first = try Matrices.reference(g).values[0]
    let removed = inner(g, g) - inner(d, d)
    #expect(abs(removed - first * first) < problem.tolerance * first * first)
  }

  @Test(arguments: problems.indices)
  func theDirectionalDerivativeIsTheSquaredNorm(_ index: Int) {
    let problem = Self.problems[index]
    let g = problem.gradient
    let d = problem.deflated(g)
    #expect(abs(inner(g, d) - inner(d, d)) < problem.tolerance * inner(d, d))
  }

  @Test(arguments: problems.indices)
  func deflationIsHomogeneous(_ index: Int) {
    let problem = Self.problems[index]
    let g = problem.gradient
    let d = problem.deflated(g)
    for factor in [-1, -0.37, 1e-4, 65536, 1e12] {
      let scaled = problem.deflated(g * factor)
      #expect(relativeError(scaled, d * factor) < problem.agreement, "factor \(factor)")
    }
  }

  @Test(arguments: problems.indices)
  func deflationCommutesWithRotationsOfBothSides(_ index: Int) {
    let problem = Self.problems[index]
    let generator = Generator(seed: 99)
    let q = Matrices.orthonormal(problem.rows, problem.rows, generator)
    let r = Matrices.orthonormal(problem.columns, problem.columns, generator)
    func rotated(_ x: Tensor) -> Tensor {
      q.matmul(x.converted(to: .float64)).matmul(r).converted(to: problem.dtype)
    }
    let g = problem.gradient
    #expect(
      relativeError(problem.deflated(rotated(g)), rotated(problem.deflated(g)))
        < problem.agreement)
  }

  @Test(arguments: problems.indices)
  func deflationOfTheTransposeIsTheTranspose(_ index: Int) {
    let problem = Self.problems[index]
    let g = problem.gradient
    #expect(
      relativeError(
        problem.deflated(g.transposed().contiguous()), problem.deflated(g).transposed())
        < problem.agreement)
  }

  @Test(arguments: problems.indices)
  func theResultDoesNotDependOnTheRun(_ index: Int) {
    let problem = Self.problems[index]
    let g = problem.gradient
    #expect(problem.deflated(g).isIdentical(to: problem.deflated(g)))
  }
}
