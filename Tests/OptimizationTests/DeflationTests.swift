import Testing
import Torch

@testable import Optimization

/// Closed forms and degenerate cases, for every solver.
@Suite struct DeflationTests {
  /// The last one sends even the smallest matrices through the iteration.
  static let solvers: [DominantSingularDeflation.Solver] = [
    .fast, .svd, .custom(GramLanczos(directSide: 1)),
  ]

  @Test(arguments: solvers.indices, [DType.float32, .float64])
  func aRankOneGradientVanishes(_ solver: Int, _ dtype: DType) {
    for (rows, columns) in [(7, 5), (5, 7), (2, 2), (3, 100), (100, 3), (60, 70)] {
      let g = Matrices.noise([rows], seed: 1, dtype: dtype)
        .outer(Matrices.noise([columns], seed: 2, dtype: dtype))
      let d = applied(DominantSingularDeflation(solver: Self.solvers[solver]), to: g)
      let rounding = dtype == .float32 ? 1e-6 : 1e-14
      #expect((d.norm() / g.norm()).item() < rounding, "\(rows) × \(columns)")
    }
  }

  @Test(arguments: solvers.indices)
  func aDiagonalLosesItsLargestEntryWhateverItsSignAndPlace(_ solver: Int) {
    let entries: [Double] = [1, -5, 3, 0, 2]
    let g = Tensor.identity(5, dtype: .float64) * Tensor(entries)
    let d = applied(DominantSingularDeflation(solver: Self.solvers[solver]), to: g)
    let expected = Tensor.identity(5, dtype: .float64) * Tensor([1.0, 0, 3, 0, 2])
    #expect((d - expected).norm().item() < 1e-13)
  }

  @Test(arguments: solvers.indices)
  func anOrthogonalGradientLosesOneDirectionOfItsEqualOnes(_ solver: Int) throws {
    let g = Matrices.orthonormal(9, 9, Generator(seed: 4)) * 3
    let d = applied(DominantSingularDeflation(solver: Self.solvers[solver]), to: g)
    let values = try d.singularValues().scalars(of: Double.self)
    #expect(values.prefix(8).allSatisfy { abs($0 - 3) < 1e-12 })
    #expect(values[8] < 1e-12)
  }

  @Test func aConvolutionIsReadAsItsFirstDimensionByTheOthersInEveryMemoryOrder() throws {
    let plain = Matrices.noise([6, 4, 3, 5], seed: 5)
    let expected = try Matrices.reference(plain.reshaped([6, 60])).deflated.reshaped([6, 4, 3, 5])
    let transposed = plain.permuted([3, 1, 0, 2]).contiguous().permuted([2, 1, 3, 0])
    for gradient in [plain, plain.contiguous(.channelsLast), transposed] {
      let d = applied(DominantSingularDeflation(), to: gradient)
      #expect(relativeError(d, expected) < 1e-5)
      #expect(d.strides == gradient.strides)
    }
  }

  @Test func halfPrecisionIsDeflatedInSinglePrecision() throws {
    let g = (Matrices.noise([8, 20], seed: 6) + 0.5).converted(to: .bfloat16)
    let d = applied(DominantSingularDeflation(), to: g)
    #expect(d.dtype == .bfloat16)
    let expected = try Matrices.reference(g).deflated
    #expect(relativeError(d, expected) < 0.01)
  }

  @Test func vectorsScalarsAndEmptyTensorsPass() {
    for gradient in [
      Tensor([1.0, 2.0]), Tensor(3.0), Tensor.zeros([0, 4]), Tensor.zeros([4, 0]),
    ] {
      var transform = DominantSingularDeflation()
      #expect(applied(&transform, to: gradient).isIdentical(to: gradient))
      #expect(transform.report["w"]?.outcome == .notAMatrix)
    }
  }

  @Test func oneRowOrColumnPassesUnlessTheReleasedRuleIsAskedFor() {
    for shape in [[1, 5], [5, 1], [5, 1, 1, 1], [1, 2, 3]] {
      let g = Matrices.noise(shape, seed: 7)
      var kept = DominantSingularDeflation()
      #expect(applied(&kept, to: g).isIdentical(to: g))
      #expect(kept.report["w"]?.outcome == .singleVector(zeroed: false))
      var released = DominantSingularDeflation(singleVectors: .asReleased)
      #expect(applied(&released, to: g).isIdentical(to: Tensor.zeros(shape)))
      #expect(released.report["w"]?.outcome == .singleVector(zeroed: true))
    }
  }

  @Test func theGuardPassesTinyGradientsAndStandsAtItsValue() {
    let unit = Matrices.planted(4, 6, [0.8, 0.6], seed: 8)  // ‖·‖_F = 1
    for (norm, passes) in [(0.0, true), (1e-30, true), (0.99e-8, true), (1.01e-8, false)] {
      var transform = DominantSingularDeflation()
      let g = unit * norm
      #expect(applied(&transform, to: g).isIdentical(to: g) == passes, "norm \(norm)")
      #expect(transform.report["w"]?.outcome == (passes ? .negligible : .deflated))
    }
  }

  @Test func notFiniteGradientsPassAndAreCounted() {
    for bad in [Double.nan, .infinity, -.infinity] {
      let g = Tensor([1, 2, bad, 4, 5, 6], shape: [2, 3])
      var transform = DominantSingularDeflation()
      let d = applied(&transform, to: g)
      #expect(d.scalars(of: Double.self)[0] == 1 && d.scalars(of: Double.self)[5] == 6)
      #expect(transform.report.notFinite == 1 && transform.report.deflated == 0)
      #expect(
        transform.report.description == "0 of 1 gradients deflated, 1 not finite")
    }
  }

  @Test func aSolverThatFailsLeavesTheGradientAndIsCounted() {
    struct Failing: LeadingTripleSolver {
      func leadingTriple(of matrix: Tensor, norm: Double, start: Tensor?, spectrum: Bool)
        throws(TorchError) -> LeadingTriple
      {
        _ = try Operator("no_such_operator")
        fatalError("unreachable")
      }
    }
    let g = Matrices.noise([3, 3], seed: 9)
    var transform = DominantSingularDeflation(solver: .custom(Failing()))
    #expect(applied(&transform, to: g).isIdentical(to: g))
    #expect(transform.report.failures == 1)
    guard case .failed(let reason) = transform.report["w"]?.outcome else {
      Issue.record("not reported")
      return
    }
    #expect(reason.contains("no_such_operator"))
  }

  @Test(arguments: solvers.indices)
  func theReportHasTheSpectrumAndTheEnergy(_ solver: Int) throws {
    let g = Matrices.planted(30, 50, [4, 2, 1, 1], seed: 10)
    var transform = DominantSingularDeflation(solver: Self.solvers[solver], spectrum: true)
    _ = applied(&transform, to: g)
    let triple = try #require(transform.report["w"]?.triple)
    #expect(abs(triple.sigma - 4) < 1e-9)
    #expect(abs(triple.second - 2) < 2e-4)
    #expect(abs(triple.energy - 16.0 / 22) < 1e-9)
    #expect(triple.residual < 1e-4 && !triple.fellBack)
    #expect(transform.report.deflated == 1 && transform.report.fallbacks == 0)
    #expect(transform.report.description == "1 of 1 gradients deflated")
  }

  @Test func theReportIsOfTheLastStepOnly() {
    var transform = DominantSingularDeflation()
    for _ in 0..<2 { _ = applied(&transform, to: Matrices.noise([4, 5], seed: 11)) }
    #expect(transform.report.layers.count == 1)
  }
}
