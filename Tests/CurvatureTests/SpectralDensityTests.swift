import Curvature
import Foundation
import TestSupport
import Testing
import Torch

struct SpectralDensityTests {
  private let spectrum = KnownSpectrum(
    "", [6, -2.5, 2] + KnownSpectrum.outliers([], bulk: 37).map { $0 / 2 })

  /// tr(Hᵏ)/n
  private func moment(_ spectrum: KnownSpectrum, _ power: Int) -> Double {
    spectrum.eigenvalues.reduce(0) { $0 + pow($1, Double(power)) } / Double(spectrum.dimension)
  }

  @Test func `moments of a run are those of its vector, up to twice the steps`() throws {
    let matrix = spectrum.matrix(seed: 1)
    let start = randomTensor([spectrum.dimension], seed: 2, dtype: .float64)
    let steps = 5
    let found = try StochasticLanczosDensity(runs: 1, steps: steps, starts: [start])(matrix)
    #expect(found.products == steps)
    var power = start / start.norm()
    for k in 0...2 * steps {
      let exact = power.dot(start / start.norm()).item()
      let difference = abs(found.moment(k).value - exact)
      if k < 2 * steps {
        #expect(difference < 1e-11 * max(abs(exact), 1), "moment \(k)")
      } else {
        // Gauss's rule ends here: a test that could not tell would prove nothing.
        #expect(difference > 1e-6 * abs(exact))
      }
      power = try matrix(power)
    }
  }

  @Test func `over an orthonormal set of starts moments are exact traces`() throws {
    let matrix = spectrum.matrix(seed: 3)
    let n = spectrum.dimension
    let q = randomOrthogonal(n, seed: 4)
    let found = try StochasticLanczosDensity(runs: n, steps: 6, starts: (0..<n).map { q[$0] })(
      matrix)
    for k in 0...11 {
      expectClose(found.moment(k).value, moment(spectrum, k), relative: 1e-9, absolute: 1e-9)
    }
    expectClose(found.trace.value, spectrum.eigenvalues.reduce(0, +), relative: 1e-9)
  }

  @Test(arguments: [DType.float64, .float32])
  func `random runs agree with the traces within their standard error`(dtype: DType) throws {
    let matrix = spectrum.matrix(seed: 5, dtype: dtype)
    let found = try StochasticLanczosDensity(runs: 60, steps: 20)(matrix)
    for k in 1...4 {
      let mean = found.moment(k)
      #expect(abs(mean.value - moment(spectrum, k)) <= 3 * mean.standardError!, "moment \(k)")
      #expect(mean.standardError! < 0.5 * moment(spectrum, 2 * k).squareRoot())
    }
    let share = found.negativeShare()
    let exact = Double(spectrum.eigenvalues.count { $0 < 0 }) / Double(spectrum.dimension)
    #expect(abs(share.value - exact) <= 3 * share.standardError! + 0.02)
    for run in found.runs {
      expectClose(run.weights.reduce(0, +), 1, relative: 1e-5)
      #expect(run.weights.allSatisfy { $0 >= 0 })
      #expect(run.nodes == run.nodes.sorted())
    }
    #expect(found.range.lowerBound >= -2.5 - 1e-5 && found.range.upperBound <= 6 + 1e-5)
    expectClose(found.range.lowerBound, -2.5, relative: 1e-3)
    expectClose(found.range.upperBound, 6, relative: 1e-3)
  }

  @Test func `runs with as many steps as dimensions find the spectrum itself`() throws {
    let small = KnownSpectrum("", [4, 1, 0.5, -0.25, -3])
    let found = try StochasticLanczosDensity(runs: 2, steps: 50)(small.matrix(seed: 6))
    for run in found.runs {
      expectClose(run.nodes, small.eigenvalues.sorted(), relative: 1e-9)
    }
    #expect(found.products == 10)
  }

  @Test func `few distinct eigenvalues end a run early and exactly`() throws {
    let two = KnownSpectrum("", .init(repeating: 2, count: 10) + .init(repeating: -1, count: 30))
    let found = try StochasticLanczosDensity(runs: 200, steps: 30)(two.matrix(seed: 7))
    #expect(found.products == 400)
    for run in found.runs { expectClose(run.nodes, [-1, 2], relative: 1e-9) }
    let share = found.negativeShare()
    #expect(abs(share.value - 0.75) <= 3 * share.standardError!)
  }

  @Test func `zeros with rounding errors are not negative`() throws {
    let low = KnownSpectrum("", [5, 3] + .init(repeating: 0, count: 40))
    let found = try StochasticLanczosDensity(runs: 5)(low.matrix(seed: 8))
    #expect(found.negativeShare().value == 0)
    #expect(found.negativeShare(tolerance: 0).standardError != nil)
    let zero = try StochasticLanczosDensity(runs: 2)(MatrixOperator(.zeros([7, 7])))
    #expect(zero.runs.allSatisfy { $0.nodes == [0] && $0.weights == [1] })
  }

  @Test func `the smoothed density has integral 1 and its mass where the eigenvalues are`() throws {
    let found = try StochasticLanczosDensity(runs: 20)(spectrum.matrix(seed: 9))
    for width in [nil, 0.05, 1] as [Double?] {
      let smooth = found.smoothed(points: 2000, width: width)
      let step = smooth.eigenvalues[1] - smooth.eigenvalues[0]
      expectClose(smooth.density.reduce(0, +) * step, 1, relative: 1e-5)
      let first = zip(smooth.eigenvalues, smooth.density).reduce(0) { $0 + $1.0 * $1.1 } * step
      expectClose(first, found.moment(1).value, relative: 1e-4, absolute: 1e-5)
      let second =
        zip(smooth.eigenvalues, smooth.density).reduce(0) { $0 + $1.0 * $1.0 * $1.1 } * step
      expectClose(
        second, found.moment(2).value + smooth.width * smooth.width, relative: 1e-4)
    }
    // One eigenvalue: the Gaussian itself.
    let one = try StochasticLanczosDensity(runs: 3)(MatrixOperator(.identity(9, dtype: .float64)))
    let bell = one.smoothed(points: 101, width: 0.1)
    expectClose(bell.eigenvalues[50], 1, relative: 1e-9)
    expectClose(bell.density[50], 1 / (0.1 * (2 * Double.pi).squareRoot()), relative: 1e-9)
    #expect(one.smoothed().width == 0.01)
  }

  /// Runs agree but for rounding: the curve is that of one eigenvalue, at its own scale.
  @Test(arguments: [(1.0, 4e-16), (-30, 1e-6), (1e-8, 0)] as [(Double, Double)])
  func `one eigenvalue with errors of rounding is a bell, not a grid of one point`(
    _ eigenvalue: Double, _ error: Double
  ) {
    let density = SpectralDensity(
      dimension: 4,
      runs: [1, 1 + error].map { .init(nodes: [eigenvalue * $0], weights: [1]) }, products: 2)
    let smooth = density.smoothed()
    expectClose(smooth.width, abs(eigenvalue) / 100, relative: 1e-5)
    let step = smooth.eigenvalues[1] - smooth.eigenvalues[0]
    #expect(zip(smooth.eigenvalues, smooth.eigenvalues.dropFirst()).allSatisfy { $0 < $1 })
    expectClose(smooth.density.reduce(0, +) * step, 1, relative: 1e-5)
  }

  @Test func `a density repeats by seed and survives JSON`() throws {
    let matrix = spectrum.matrix(seed: 10)
    let a = try StochasticLanczosDensity(runs: 2, steps: 8, seed: 1)(matrix)
    #expect(try StochasticLanczosDensity(runs: 2, steps: 8, seed: 1)(matrix) == a)
    #expect(try StochasticLanczosDensity(runs: 2, steps: 8, seed: 2)(matrix) != a)
    let json = try JSONEncoder().encode(a)
    #expect(try JSONDecoder().decode(SpectralDensity.self, from: json) == a)
    #expect(a.runs[0] != a.runs[1])
    #expect(try StochasticLanczosDensity(runs: 1)(matrix).moment(1).standardError == nil)
  }

  @Test func `means, their errors and the trace are those of the runs`() {
    let density = SpectralDensity(
      dimension: 10,
      runs: [.init(nodes: [-1, 3], weights: [0.25, 0.75]), .init(nodes: [4], weights: [1])],
      products: 5)
    // vᵀHv is 2 and 4, vᵀH²v is 7 and 16.
    expectClose(density.moment(1).value, 3, relative: 1e-12)
    expectClose(density.moment(1).standardError!, 1, relative: 1e-12)
    expectClose(density.moment(2).standardError!, 4.5, relative: 1e-12)
    expectClose(density.trace.value, 30, relative: 1e-12)
    expectClose(density.trace.standardError!, 10, relative: 1e-12)
    #expect(density.trace.samples == 2 && density.trace.products == 5)
    expectClose(density.negativeShare().value, 0.125, relative: 1e-12)
    expectClose(density.negativeShare().standardError!, 0.125, relative: 1e-12)
  }
}
