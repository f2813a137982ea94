import Curvature
import Spiking
import TestSupport
import Testing
import Torch

@Suite struct AsymmetryTests {
  /// A product with a matrix as written.
  private func of(_ matrix: Tensor, draws: Int, seed: UInt64 = 0) throws -> Asymmetry {
    try Asymmetry(of: MatrixOperator(matrix), draws: draws, seed: seed)
  }

  @Test func `is 0 for a symmetric and 2 for an antisymmetric matrix`() throws {
    let a = randomTensor([9, 9], seed: 1, dtype: .float64)
    #expect(try of(a + a.transposed(), draws: 8).value < 1e-13)
    let antisymmetric = try of(a - a.transposed(), draws: 400)
    expectClose(antisymmetric.value, 2, relative: 0, absolute: 4 * antisymmetric.standardError)
    #expect(antisymmetric.standardError < 0.1)
    #expect(try of(Tensor.zeros([3, 3], dtype: .float64), draws: 2).value == 0)
  }

  /// From a little asymmetric to wholly so; the stated error must hold the truth, neither by luck nor by being large.
  @Test(arguments: [0.01, 0.3, 1, 10]) func `estimates ‖A − Aᵀ‖ / ‖A‖ within its stated error`(
    _ share: Double
  ) throws {
    let a = randomTensor([12, 12], seed: 1, dtype: .float64)
    let matrix = (a + a.transposed()) + (a - a.transposed()) * share
    let truth = asymmetry(matrix)
    let estimates = try (0..<40).map { try of(matrix, draws: 60, seed: UInt64($0)) }
    let within = estimates.filter { abs($0.value - truth) <= 2 * $0.standardError }.count
    #expect(within >= 32, "\(within) of 40 within two standard errors")
    let mean = estimates.reduce(0) { $0 + $1.value } / 40
    expectClose(mean, truth, relative: 0.03)
    let spread = (estimates.reduce(0) { $0 + ($1.value - mean) * ($1.value - mean) } / 39)
      .squareRoot()
    let stated = estimates.reduce(0) { $0 + $1.standardError } / 40
    #expect(stated > 0.5 * spread && stated < 2 * spread, "stated \(stated), found \(spread)")
  }

  /// NaN compares as nothing, and must not come out as 0.
  @Test func `of numbers that are not finite is an error, never symmetry`() throws {
    let broken = Tensor([1.0, .nan, 2, 3], shape: [2, 2])
    // Finite, but their squares are not.
    let large = randomTensor([3, 3], seed: 1, dtype: .float64) * 1e200
    for matrix in [broken, large] {
      #expect(throws: CurvatureError.notFinite("product")) { try of(matrix, draws: 3) }
    }
  }

  @Test func `is the same for a matrix and its transpose, and for the same seed`() throws {
    let a = randomTensor([7, 7], seed: 1, dtype: .float64)
    let (one, again) = (try of(a, draws: 5, seed: 3), try of(a, draws: 5, seed: 3))
    #expect(one == again && one.draws == 5)
    #expect(try of(a, draws: 5, seed: 4) != one)
    let wide = try of(a.transposed(), draws: 200)
    expectClose(wide.value, asymmetry(a), relative: 0, absolute: 4 * wide.standardError)
  }

  /// Every rule of a gradient view is detached values in recorded operations, so J is a Hessian under each.
  @Test func `of J is rounding under every gradient view`() throws {
    let views: [GradientView] = [
      GradientView(surrogate: .sigmoid(width: 0.4)), GradientView(surrogateScale: 0.3),
      GradientView(temporalGradient: .withinStep), .hart(width: 1),
      GradientView(rule: .straightThrough), GradientView(rule: .firedAtLeastOnce),
      GradientView(rule: .rate(RateGradient())), GradientView(rule: .timeAveraged),
      GradientView(rule: .potentialDependent(PotentialDependentSurrogate())),
      GradientView(rule: .unit(.rectifier)), GradientView(rule: .unit(.quantizedClip)),
      GradientView(
        rule: .adaptive(
          AdaptiveSharpness(), SurrogateMemory(drawsPerIteration: 1))),
    ]
    for view in views {
      let curvature = try LossCurvature(of: NetworkCase(view: view).loss())
      let (pairs, both) = (
        try Asymmetry(of: curvature, draws: 3),
        try Asymmetry(comparingProductsOf: curvature, draws: 3)
      )
      #expect(pairs.value < 1e-11 && both.value < 1e-11, "\(view.rule): \(pairs), \(both)")
    }
  }

  /// The plain derivative of F, all spikes held: what finite differences of a spiking network see between two flips.
  @Test func `of a secant is real where there are spikes, and none where there are none`() throws {
    func estimate(isSpiking: Bool) throws -> Asymmetry {
      let neuron = LIF(surrogate: .arctan(width: 1), isSpiking: isSpiking)
      let secant = try SecantProduct(of: NetworkCase(neuron: neuron).loss(), step: 1e-6)
      let like = Tensor.zeros([secant.dimension], dtype: .float64)
      return try Asymmetry(draws: 12, like: like) { v throws(CurvatureError) in try secant(v) }
    }
    let spiking = try estimate(isSpiking: true)
    #expect(spiking.value > 0.1 && spiking.value > 3 * spiking.standardError, "\(spiking)")
    #expect(try estimate(isSpiking: false).value < 1e-4)
  }
}
