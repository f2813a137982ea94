import Testing
import Torch

@testable import Optimization

/// The fast solver against LAPACK in float64, with the bounds that its documentation claims.
@Suite struct SolverAccuracyTests {
  static let shapes = [(2, 3), (27, 64), (64, 27), (49, 51), (65, 130), (130, 65), (128, 577)]

  /// Spectra by what makes them hard: the gap, the tail, the rank.
  static let spectra: [(name: String, value: @Sendable (Int, Int) -> Double)] = [
    ("gap 1.5 over a decaying tail", { i, _ in i == 0 ? 1.5 : tail(i) }),
    ("gap 1.1", { i, _ in i == 0 ? 1.1 : tail(i) }),
    ("gap 1.01", { i, _ in i == 0 ? 1.0101 : tail(i) }),
    ("gap 1.001", { i, _ in i == 0 ? 1.001 : tail(i) }),
    ("gap 1 + 1e-6", { i, _ in i == 0 ? 1.000001 : tail(i) }),
    (
      "gap 1.01 over a flat tail", { i, n in i == 0 ? 1.0101 : 1 - 0.3 * Double(i - 1) / Double(n) }
    ),
    ("gap 1.5 over a flat tail", { i, n in i == 0 ? 1.5 : 1 - 0.3 * Double(i - 1) / Double(n) }),
    ("dominant", { i, _ in i == 0 ? 20 : tail(i) }),
    ("rank two", { i, _ in i == 0 ? 1.0101 : i == 1 ? 1 : 0 }),
    ("three equal leaders", { i, _ in i < 3 ? 1 : 0.5 * tail(i) }),
    ("geometric", { i, _ in 1 / Double(1 << min(i, 40)) }),
  ]
  static func tail(_ i: Int) -> Double { 1 / Double(i).squareRoot() }

  static func expectBounds(
    _ g: Tensor, _ d: Tensor, _ label: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let (exact, values) = try Matrices.reference(g)
    let largest = try d.converted(to: .float64).singularValues()[0].item()
    #expect(largest <= 1.001 * values[1], "\(label): ‖D‖₂", sourceLocation: sourceLocation)
    if values[0] >= 1.01 * values[1] {
      let error = relativeError(d, exact)
      #expect(error <= 1e-4, "\(label): ‖D − D₁‖", sourceLocation: sourceLocation)
    }
    let identity = abs(inner(g, d) / inner(d, d) - 1)
    #expect(identity <= 1e-5, "\(label): ⟨g, d⟩", sourceLocation: sourceLocation)
  }

  @Test(arguments: shapes.indices, spectra.indices)
  func theBoundsHoldOnEverySpectrum(_ shape: Int, _ spectrum: Int) throws {
    let (rows, columns) = Self.shapes[shape]
    let (name, value) = Self.spectra[spectrum]
    let side = min(rows, columns)
    for seed in [UInt64(1), 2] {
      let exact = Matrices.planted(rows, columns, (0..<side).map { value($0, side) }, seed: seed)
      for dtype in [DType.float32, .float64] {
        for directSide in [1, 64] {
          let g = exact.converted(to: dtype)
          let solver = GramLanczos(seed: seed, directSide: directSide)
          let d = applied(DominantSingularDeflation(solver: .custom(solver)), to: g)
          try Self.expectBounds(g, d, "\(rows) × \(columns), \(name), \(dtype)")
        }
      }
    }
  }

  @Test(arguments: shapes.indices)
  func theBoundsHoldOnNoiseAndOnGradients(_ shape: Int) throws {
    let (rows, columns) = Self.shapes[shape]
    for seed in UInt64(1)...5 {
      for g in [
        Matrices.noise([rows, columns], seed: seed),
        Matrices.gradient(rows, columns, seed: seed),
      ] {
        let d = applied(DominantSingularDeflation(), to: g)
        try Self.expectBounds(g, d, "\(rows) × \(columns), seed \(seed)")
      }
    }
  }

  @Test(arguments: [(10, 128), (10, 512), (50, 512), (70, 153)] as [(Int, Int)])
  func `long rows of equal copies are decomposed at once, without a fallback`(
    _ shape: (rows: Int, features: Int)
  ) throws {
    for seed in UInt64(1)...4 {
      let g = Matrices.gradientOfCopies(shape.rows, shape.features, seed: seed)
      var transform = DominantSingularDeflation()
      let d = applied(&transform, to: g)
      let triple = try #require(transform.report["w"]?.triple)
      #expect(!triple.fellBack && triple.iterations == 0)
      // Twice as far from the bound of 32 roundings as it need be.
      let norm = g.norm().item()
      #expect(triple.residual <= 16 * 0x1p-24 * norm / triple.sigma, "\(triple.residual)")
      if seed == 1 { try Self.expectBounds(g, d, "\(shape)") }
    }
  }

  @Test func `a long thin matrix loses its term in either orientation and with a rest of a block`()
    throws
  {
    for columns in [6144, 6145, 8192, 9001] {
      let values = (0..<12).map { $0 == 0 ? 1.3 : Self.tail($0) }
      let g = Matrices.planted(12, columns, values, seed: 3).converted(to: .float32)
      for matrix in [g, g.transposed(), g.transposed().contiguous()] {
        let d = applied(DominantSingularDeflation(), to: matrix)
        try Self.expectBounds(matrix, d, "\(matrix.shape)")
      }
    }
  }

  @Test(arguments: [1e-20, 1e-12, 1e-3, 1e10, 1e20, 1e30])
  func theBoundsHoldAtScalesWhereSquaresOverflowOrVanish(_ scale: Double) throws {
    for side in [20, 70] {
      let values = (0..<side).map { $0 == 0 ? 1.2 : Self.tail($0) }
      let base = Matrices.planted(side, 90, values, seed: 3)
      let g = (base * scale).converted(to: .float32)
      var transform = DominantSingularDeflation(minimumNorm: 0)
      let d = applied(&transform, to: g)
      let backToOne = 1 / scale
      try Self.expectBounds(
        g.converted(to: .float64) * backToOne, d.converted(to: .float64) * backToOne, "\(scale)")
      let triple = try #require(transform.report["w"]?.triple)
      #expect(abs(triple.sigma / scale - 1.2) < 1e-5)
      #expect(!triple.fellBack)
    }
  }

  @Test func aDominantTermLeavesNoRoundingBehind() throws {
    // σ₁/σ₂ = 1000 in float32: one projection leaves σ₁ · 6e-8 of it, which spoils ⟨g, d⟩ = ‖d‖².
    for (rows, columns) in [(30, 40), (80, 60)] {
      let g = Matrices.planted(rows, columns, [1000, 1, 0.5], seed: 5).converted(to: .float32)
      for solver in DeflationTests.solvers {
        let d = applied(DominantSingularDeflation(solver: solver), to: g)
        #expect(abs(inner(g, d) / inner(d, d) - 1) < 1e-4)
      }
    }
  }

  @Test func theSecondValueIsALowerEstimateAndAccurateWhenAskedFor() throws {
    for seed in UInt64(1)...5 {
      let g = Matrices.gradient(100, 150, seed: seed)
      let second = try Matrices.reference(g).values[1]
      for spectrum in [false, true] {
        let triple = try GramLanczos().leadingTriple(
          of: g, norm: g.norm().item(), start: nil, spectrum: spectrum)
        #expect(triple.second <= second * (1 + 1e-5))
        if spectrum { #expect(triple.second >= second * (1 - 1e-4)) }
      }
    }
  }
}
