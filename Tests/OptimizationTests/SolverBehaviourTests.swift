import Testing
import Torch

@testable import Optimization

/// Warm starts, fallbacks, and the numbers that the stopping rule rests on.
@Suite struct SolverBehaviourTests {
  func solve(_ solver: GramLanczos, _ g: Tensor, start: Tensor? = nil) throws -> LeadingTriple {
    try solver.leadingTriple(of: g, norm: g.norm().item(), start: start, spectrum: false)
  }

  @Test func aWarmStartAtAnotherSingularVectorDoesNotStayThere() throws {
    // Exactly invariant: without the random part, K's second eigenvector would be all the search ever sees.
    for dtype in [DType.float32, .float64] {
      let values = (0..<60).map { i in i == 0 ? 1.3 : 1 / Double(i) }
      let g = (Tensor.identity(60, dtype: .float64) * Tensor(values)).converted(to: dtype)
      for wrong in [1, 2, 59] {
        let start = Tensor.identity(60, dtype: dtype)[wrong]
        let triple = try solve(GramLanczos(directSide: 1), g, start: start)
        #expect(abs(triple.sigma - 1.3) < 1e-5, "start at vector \(wrong)")
        #expect(!triple.fellBack)
      }
    }
  }

  @Test func aStartOfAnotherShapeOrTypeIsIgnored() throws {
    let g = Matrices.gradient(60, 70, seed: 1)
    let cold = try solve(GramLanczos(directSide: 1), g)
    for start in [Tensor.ones([60]), Tensor.ones([70], dtype: .float64), Tensor.zeros([70])] {
      #expect(
        abs(try solve(GramLanczos(directSide: 1), g, start: start).sigma / cold.sigma - 1) < 1e-5)
    }
  }

  @Test(arguments: [(90, 60), (60, 90)])
  func theBoundsHoldAlongADriftingSequence(_ shape: (Int, Int)) throws {
    // The leading direction turns into another one on the way: at step 10 both are equally strong.
    let values = (0..<60).map { 0.4 / Double($0 + 1) }
    let base = Matrices.planted(shape.0, shape.1, values, seed: 2)
    let first = Matrices.planted(shape.0, shape.1, [1], seed: 3)
    let second = Matrices.planted(shape.0, shape.1, [1], seed: 4)
    var transform = DominantSingularDeflation(solver: .custom(GramLanczos(directSide: 1)))
    for step in 0...20 {
      let turn = Double(step) / 20
      let g = (base + first * (1 - turn) + second * turn).converted(to: .float32)
      let d = applied(&transform, to: g)
      try SolverAccuracyTests.expectBounds(g, d, "step \(step)")
      #expect(transform.report.fallbacks == 0)
    }
    #expect(transform.state["w"]?.shape == [shape.1])
  }

  @Test func aWarmStartSavesStepsOnADominantTerm() throws {
    let g = Matrices.planted(80, 100, (0..<80).map { $0 == 0 ? 3 : 0.9 / Double($0) }, seed: 6)
    let cold = try solve(GramLanczos(), g)
    let warm = try solve(
      GramLanczos(), g + Matrices.noise([80, 100], seed: 7, dtype: .float64) * 1e-3,
      start: cold.warmStart)
    #expect(warm.iterations < cold.iterations)
  }

  @Test func tooFewStepsFallBackAndAreCounted() throws {
    let g = Matrices.noise([70, 90], seed: 8)
    var transform = DominantSingularDeflation(solver: .custom(GramLanczos(maximumSteps: 4)))
    let d = applied(&transform, to: g)
    #expect(transform.report.fallbacks == 1)
    #expect(
      transform.report.description
        == "1 of 1 gradients deflated, 1 by fallback to a full decomposition")
    try SolverAccuracyTests.expectBounds(g, d, "after the fallback")
    _ = applied(&transform, to: Matrices.planted(70, 90, [2, 1], seed: 9))
    #expect(transform.report.fallbacks == 0)
  }

  @Test func whatRoundingDoesNotExplainGoesToTheReferenceAndIsCounted() throws {
    // A norm that is far too small makes every residual look too large, in the iteration and for all of K.
    for (rows, columns) in [(20, 30), (80, 90)] {
      let g = Matrices.gradient(rows, columns, seed: 12)
      let triple = try GramLanczos().leadingTriple(of: g, norm: 1e-9, start: nil, spectrum: false)
      let reference = try FullDecomposition().leadingTriple(
        of: g, norm: 1, start: nil, spectrum: false)
      #expect(triple.fellBack && !reference.fellBack)
      #expect(triple.left.isIdentical(to: reference.left))
    }
  }

  @Test func theReferenceThrowsWhereLAPACKFailsInDoublePrecisionToo() {
    let g = Tensor.full(.nan, shape: [3, 4])
    #expect(throws: TorchError.self) {
      try FullDecomposition().leadingTriple(of: g, norm: 1, start: nil, spectrum: false)
    }
  }

  @Test func smallMatricesAreDecomposedAtOnceWhichIsNoFallback() throws {
    let triple = try solve(GramLanczos(), Matrices.noise([20, 90], seed: 10))
    #expect(triple.iterations == 0 && !triple.fellBack)
  }

  /// For K = diag(λ) and b = Σ wᵢeᵢ the polynomials are orthonormal in Σ wᵢ² f(λᵢ), and at a support point of
  /// a measure with as many points as polynomials the Christoffel bound is met with equality.
  @Test func theChristoffelSumIsTheInverseMassAtAPointOfTheMeasure() throws {
    let points: [Double] = [0.5, 1, 2]
    let masses: [Double] = [0.2, 0.7, 0.1]
    // Stieltjes' procedure on the discrete measure.
    var previous = [0.0, 0, 0], current = [1.0, 1, 1]
    var diagonal: [Double] = [], offDiagonal: [Double] = []
    for _ in 0..<3 {
      let α = (0..<3).reduce(0) { $0 + masses[$1] * points[$1] * current[$1] * current[$1] }
      var next = (0..<3).map {
        (points[$0] - α) * current[$0] - (offDiagonal.last ?? 0) * previous[$0]
      }
      let β = (0..<3).reduce(0) { $0 + masses[$1] * next[$1] * next[$1] }.squareRoot()
      diagonal.append(α)
      offDiagonal.append(β)
      if diagonal.count < 3 { next = next.map { $0 / β } }
      (previous, current) = (current, next)
    }
    let two = LanczosTridiagonal(
      diagonal: Array(diagonal[..<2]), offDiagonal: Array(offDiagonal[..<2]))
    for (point, mass) in zip(points, masses) {
      #expect(abs(two.christoffelSum(at: point) * mass - 1) < 1e-12)
    }
    #expect(two.christoffelSum(at: 2.5) > two.christoffelSum(at: 2))
    let all = LanczosTridiagonal(
      diagonal: diagonal, offDiagonal: [offDiagonal[0], offDiagonal[1], 0])
    let ritz = try all.ritzPairs()
    #expect(abs(ritz.values.0 - 2) < 1e-12 && abs(ritz.values.1 - 1) < 1e-12)
    #expect(ritz.residuals.0 == 0)
    #expect(all.christoffelSum(at: 2.1) == .infinity)
  }

  @Test func aRunIsCutWhereItsSpaceIsInvariant() {
    let cut = LanczosTridiagonal(diagonal: [1, 2, .nan], offDiagonal: [0.5, 0, .nan])
    #expect(cut.diagonal == [1, 2] && cut.offDiagonal == [0.5, 0])
    let open = LanczosTridiagonal(diagonal: [1, 2], offDiagonal: [0.5, 0.25])
    #expect(open.diagonal == [1, 2] && open.offDiagonal == [0.5, 0.25])
  }
}
