import Curvature
import TestSupport
import Testing
import Torch

/// Every kind of spectrum, from every end: values against the known ones, residuals against what they promise.
struct LanczosSpectrumTests {
  static let spectra: [KnownSpectrum] = [
    KnownSpectrum("one number", [-2.5]),
    KnownSpectrum("two numbers", [3, -1]),
    KnownSpectrum("generic", KnownSpectrum.geometric(60, ratio: 0.9, alternating: true)),
    KnownSpectrum("outliers above a bulk", KnownSpectrum.outliers([50, -20, 9, 4, 3], bulk: 150)),
    KnownSpectrum("two copies", [7, 7] + KnownSpectrum.geometric(50, ratio: 0.93)),
    KnownSpectrum(
      "five copies", .init(repeating: -7, count: 5) + KnownSpectrum.outliers([], bulk: 60)),
    KnownSpectrum("copies below the top", [9, 5, 5, 4, 4] + KnownSpectrum.outliers([], bulk: 60)),
    KnownSpectrum(
      "a cluster", (0..<4).map { 3 + 1e-6 * Double($0) } + KnownSpectrum.outliers([], bulk: 40)),
    KnownSpectrum(
      "pairs of opposite signs", [4, -4, 3, -3, 2, -2] + KnownSpectrum.outliers([], bulk: 30)),
    KnownSpectrum("rank one", [6] + .init(repeating: 0, count: 39)),
    KnownSpectrum("rank one, negative", [-6] + .init(repeating: 0, count: 39)),
    KnownSpectrum("zero", .init(repeating: 0, count: 20)),
    KnownSpectrum("identity", .init(repeating: 1, count: 33)),
    KnownSpectrum("a projection", .init(repeating: 1, count: 4) + .init(repeating: 0, count: 30)),
    KnownSpectrum("huge range", KnownSpectrum.geometric(25, ratio: 0.1).map { 1e12 * $0 }),
    KnownSpectrum("tiny", KnownSpectrum.geometric(25, ratio: 0.5).map { 1e-18 * $0 }),
  ]

  @Test(arguments: spectra, SpectrumOrder.allCases)
  func `values are the known ones, and residuals bound their errors`(
    spectrum: KnownSpectrum, order: SpectrumOrder
  ) throws {
    for (count, seed) in zip([1, 3, 5, spectrum.dimension], 1...4 as ClosedRange<UInt64>)
    where count <= spectrum.dimension {
      let matrix = spectrum.matrix(seed: seed)
      let found = try Lanczos(
        count: count, order: order, tolerance: 1e-9, maximumProducts: 3000,
        basisSize: count + 40, findsRepeated: true,
        seed: seed)(matrix)
      let name = "\(spectrum.name), \(order), \(count)"
      #expect(found.converged, "\(name)")
      #expect(found.repeats == .searched, "\(name)")
      #expect(found.asymmetry! < 1e-12, "\(name)")
      let expected = spectrum.top(count, order)
      let values = found.eigenvalues.map(\.value)
      // Of λ and −λ either may come first.
      expectClose(
        order == .magnitude ? values.map(abs) : values,
        order == .magnitude ? expected.map(abs) : expected, relative: 0,
        absolute: 1e-8 * spectrum.scale, name)
      checkPairs(found, of: spectrum, matrix, name)
    }
  }

  @Test(arguments: spectra)
  func `float32 keeps its own accuracy`(spectrum: KnownSpectrum) throws {
    let matrix = spectrum.matrix(seed: 7, dtype: .float32)
    let count = min(4, spectrum.dimension)
    let found = try Lanczos(
      count: count, tolerance: 1e-4, maximumProducts: 1000, findsRepeated: true)(
        matrix)
    #expect(found.converged)
    #expect(found.asymmetry! < 1e-5)
    #expect(found.vectors.allSatisfy { $0.dtype == .float32 })
    expectClose(
      found.eigenvalues.map { abs($0.value) }, spectrum.top(count, .magnitude).map(abs),
      relative: 0, absolute: 1e-4 * spectrum.scale)
    for (eigenvalue, vector) in zip(found.eigenvalues, found.vectors) {
      #expect(measuredResidual(matrix, vector, eigenvalue.value) <= eigenvalue.residual * 1.01)
    }
  }

  private func checkPairs(
    _ found: TopEigenvalues, of spectrum: KnownSpectrum, _ matrix: MatrixOperator, _ name: String
  ) {
    for (eigenvalue, vector) in zip(found.eigenvalues, found.vectors) {
      let measured = measuredResidual(matrix, vector, eigenvalue.value)
      #expect(measured <= eigenvalue.residual * (1 + 1e-6), "\(name)")
      #expect(
        spectrum.distance(to: eigenvalue.value)
          <= eigenvalue.residual + 1e-14 * spectrum.scale, "\(name)")
    }
    let x = Tensor.stacking(found.vectors)
    expectClose(
      x.matmul(x.transposed()), .identity(found.vectors.count, dtype: .float64), relative: 0,
      absolute: 1e-12, name)
  }
}
