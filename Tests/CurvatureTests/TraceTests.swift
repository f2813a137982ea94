import Curvature
import Foundation
import TestSupport
import Testing
import Torch

struct TraceTests {
  private let decaying = KnownSpectrum("", KnownSpectrum.geometric(60, ratio: 0.9))
  private let indefinite = KnownSpectrum("", KnownSpectrum.outliers([30, -12, 5], bulk: 57))

  private func trace(_ spectrum: KnownSpectrum) -> Double { spectrum.eigenvalues.reduce(0, +) }

  private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  /// Estimates under 200 seeds, and what their own standard errors promise.
  private func calibration(
    _ truth: Double, _ estimate: (UInt64) throws -> TraceEstimate
  ) rethrows -> (bias: Double, spread: Double, promised: Double, covered: Int) {
    let all = try (0..<200).map { try estimate(UInt64($0)) }
    let values = all.map(\.value)
    let center = mean(values)
    let spread = mean(values.map { ($0 - center) * ($0 - center) }).squareRoot()
    let promised = mean(all.map { $0.standardError! * $0.standardError! }).squareRoot()
    let covered = all.count { abs($0.value - truth) <= 2 * $0.standardError! }
    return ((center - truth) / (spread / 200.0.squareRoot()), spread, promised, covered)
  }

  @Test func `both estimators are unbiased, and their standard errors are honest`() throws {
    for spectrum in [decaying, indefinite] {
      let matrix = spectrum.matrix(seed: 1)
      let truth = trace(spectrum)
      let hutchinson = try calibration(truth) {
        try HutchinsonTrace(maximumSamples: 30, stop: .allSamples, seed: $0)(matrix)
      }
      let plusPlus = try calibration(truth) {
        try HutchPlusPlusTrace(sketchSize: 6, maximumSamples: 30, stop: .allSamples, seed: $0)(
          matrix)
      }
      for found in [hutchinson, plusPlus] {
        // Within 3.5 standard deviations: a chance of 1 in 2000, of fixed seeds.
        #expect(abs(found.bias) < 3.5)
        expectClose(found.promised, found.spread, relative: 0.2)
        // Two standard errors cover 95 %: 190 of 200, give or take 3.1 each.
        #expect((178...200).contains(found.covered))
      }
      #expect(plusPlus.spread < hutchinson.spread)
    }
  }

  @Test func `the variance of a sample is twice the squares off the diagonal`() throws {
    let matrix = indefinite.matrix(seed: 2)
    let h = matrix.matrix
    let n = indefinite.dimension
    let diagonal = h * Tensor.identity(n, dtype: .float64)
    let expected = (2 * (h.squared().sum().item() - diagonal.squared().sum().item())).squareRoot()
    let found = try HutchinsonTrace(maximumSamples: 4000, stop: .allSamples)(matrix)
    expectClose(found.standardError! * 4000.0.squareRoot(), expected, relative: 0.1)
  }

  @Test(arguments: [DType.float64, .float32])
  func `random signs are exact on a diagonal matrix`(dtype: DType) throws {
    let values = (0..<37).map { Double($0 * $0) - 300 }
    let matrix = MatrixOperator(
      (Tensor.identity(37, dtype: .float64) * Tensor(values)).converted(to: dtype))
    let found = try HutchinsonTrace(stop: .relativeError(1e-12))(matrix)
    expectClose(found.value, values.reduce(0, +), relative: 1e-6)
    #expect(found.converged)
    #expect(found.standardError! < 1e-9)
    #expect(found.samples == TraceStop.minimumSamples)
  }

  @Test(arguments: [1, 4, 7])
  func `Hutch++ is exact up to the rank of its sketch, and spends no more products than that`(
    rank: Int
  ) throws {
    let values = (1...rank).map { Double($0) * ($0 % 2 == 0 ? -1.5 : 1) }
    let spectrum = KnownSpectrum("", values + .init(repeating: 0, count: 40))
    let found = try HutchPlusPlusTrace(sketchSize: 7, maximumSamples: 3, stop: .allSamples)(
      spectrum.matrix(seed: 3))
    expectClose(found.value, trace(spectrum), relative: 1e-9)
    #expect(found.standardError! < 1e-9)
    #expect(found.products == 7 + rank + 3)
  }

  @Test func `a sketch of the whole space is exact for any matrix`() throws {
    let spectrum = KnownSpectrum("", [3, -1, 0.5, 0.25, -7])
    let found = try HutchPlusPlusTrace(sketchSize: 5)(spectrum.matrix(seed: 4))
    expectClose(found.value, -4.25, relative: 1e-9)
  }

  @Test func `Hutch++ reaches an error with fewer products where few eigenvalues matter`() throws {
    let spectrum = KnownSpectrum(
      "", [200, 90, 40, 20, 10] + KnownSpectrum.outliers([], bulk: 200).map { $0 + 1 })
    let matrix = spectrum.matrix(seed: 5)
    let plain = try HutchinsonTrace(maximumSamples: 2000, stop: .relativeError(0.02))(matrix)
    let plus = try HutchPlusPlusTrace(stop: .relativeError(0.02))(matrix)
    #expect(plain.converged && plus.converged)
    #expect(3 * plus.products < plain.products)
    expectClose(plus.value, trace(spectrum), relative: 0.06)
    expectClose(plain.value, trace(spectrum), relative: 0.06)
  }

  @Test func `a tolerance is met or its absence is told`() throws {
    let matrix = indefinite.matrix(seed: 6)
    let loose = try HutchinsonTrace(maximumSamples: 5000, stop: .absoluteError(1))(matrix)
    #expect(loose.converged && loose.standardError! <= 1)
    #expect(loose.samples > TraceStop.minimumSamples)
    let short = try HutchinsonTrace(maximumSamples: 20, stop: .absoluteError(0.01))(matrix)
    #expect(!short.converged && short.samples == 20 && short.products == 20)
    let fixed = try HutchinsonTrace(maximumSamples: 20, stop: .allSamples)(matrix)
    #expect(fixed.converged && fixed.samples == 20)
    let single = try HutchinsonTrace(maximumSamples: 1, stop: .relativeError(0.1))(matrix)
    #expect(single.standardError == nil && !single.converged)
  }

  @Test func `PyHessian's rule stops where its loop does`() throws {
    let matrix = decaying.matrix(seed: 7)
    let generator = Generator(seed: 8)
    let probes = (0..<100).map { _ in
      Tensor.normal([decaying.dimension], dtype: .float64, using: generator).sign()
    }
    var forms: [Double] = []
    var old = 0.0
    for probe in probes {
      forms.append(probe.dot(try matrix(probe)).item())
      let new = mean(forms)
      if abs(new - old) / (old + 1e-6) < 1e-2 { break }
      old = new
    }
    let found = try HutchinsonTrace(stop: .settledMean(1e-2), probes: probes)(matrix)
    #expect((3..<100).contains(found.samples))
    #expect(found.samples == forms.count)
    expectClose(found.value, mean(forms), relative: 1e-12)
    // Its defect: a negative mean always passes for settled.
    let negative = try HutchinsonTrace(stop: .settledMean(1e-9), probes: probes)(
      MatrixOperator(-matrix.matrix))
    #expect(negative.samples == 2)
    #expect(negative.converged)
  }

  @Test func `zero, one dimension, NaN and too large a sketch`() throws {
    let zero = MatrixOperator(.zeros([6, 6]))
    #expect(try HutchinsonTrace()(zero).value == 0)
    #expect(try HutchPlusPlusTrace(sketchSize: 6)(zero).value == 0)
    let one = MatrixOperator(Tensor([-2.0], shape: [1, 1]))
    #expect(try HutchinsonTrace()(one).value == -2)
    #expect(throws: CurvatureError.tooMany("sketch columns", asked: 2, dimension: 1)) {
      _ = try HutchPlusPlusTrace(sketchSize: 2)(one)
    }
    let broken = MatrixOperator(Tensor([Double.nan], shape: [1, 1]))
    #expect(throws: CurvatureError.notFinite("product")) { _ = try HutchinsonTrace()(broken) }
  }

  @Test func `estimates repeat by seed and survive JSON`() throws {
    let matrix = decaying.matrix(seed: 9)
    let a = try HutchPlusPlusTrace(seed: 3)(matrix)
    #expect(try HutchPlusPlusTrace(seed: 3)(matrix) == a)
    #expect(try HutchPlusPlusTrace(seed: 4)(matrix) != a)
    let json = try JSONEncoder().encode(a)
    #expect(try JSONDecoder().decode(TraceEstimate.self, from: json) == a)
  }
}
