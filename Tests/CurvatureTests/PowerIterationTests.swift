import Curvature
import TestSupport
import Testing
import Torch

struct PowerIterationTests {
  /// PyHessian's loop on plain numbers, written from its source: sequential deflation, the value before the last
  /// product, the vector after it.
  private func twin(
    _ matrix: [[Double]], starts: [[Double]], maximumIterations: Int, tolerance: Double
  ) -> (values: [Double], vectors: [[Double]], iterations: [Int]) {
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    func normalized(_ a: [Double]) -> [Double] {
      let norm = dot(a, a).squareRoot()
      return a.map { $0 / (norm + 1e-6) }
    }
    var values: [Double] = []
    var vectors: [[Double]] = []
    var iterations: [Int] = []
    for start in starts {
      var v = normalized(start)
      var value: Double?
      var products = 0
      for _ in 0..<maximumIterations {
        for x in vectors {
          let overlap = dot(v, x)
          v = zip(v, x).map { $0 - overlap * $1 }
        }
        v = normalized(v)
        let product = matrix.map { dot($0, v) }
        products += 1
        let quotient = dot(product, v)
        v = normalized(product)
        if let old = value, abs(old - quotient) / (abs(old) + 1e-6) < tolerance { break }
        value = quotient
      }
      values.append(value!)
      vectors.append(v)
      iterations.append(products)
    }
    return (values, vectors, iterations)
  }

  @Test(arguments: [1e-2, 1e-3, 1e-6], [3, 40])
  func `values, vectors and products are those of PyHessian's loop`(
    tolerance: Double, maximumIterations: Int
  ) throws {
    let spectrum = KnownSpectrum("", [-9, 5, 4.9, 2, 1, 0.5, 0.1, 0, -0.2])
    let matrix = spectrum.matrix(seed: 3)
    let starts = (0..<4).map {
      Tensor.normal([spectrum.dimension], dtype: .float64, using: Generator(seed: UInt64($0)))
    }
    let found = try PowerIteration(
      count: 4, maximumIterations: maximumIterations, tolerance: tolerance, starts: starts)(matrix)
    let rows = matrix.matrix.scalars(of: Double.self)
    let n = spectrum.dimension
    let expected = twin(
      (0..<n).map { Array(rows[$0 * n..<($0 + 1) * n]) },
      starts: starts.map { $0.scalars(of: Double.self) }, maximumIterations: maximumIterations,
      tolerance: tolerance)
    expectClose(found.eigenvalues.map(\.value), expected.values, relative: 1e-9)
    for (vector, other) in zip(found.vectors, expected.vectors) {
      expectClose(vector, Tensor(other), relative: 0, absolute: 1e-8)
    }
    #expect(found.eigenvalues.map(\.iterations) == expected.iterations)
    #expect(found.products == expected.iterations.reduce(0, +))
    for eigenvalue in found.eigenvalues {
      #expect(eigenvalue.converged || eigenvalue.iterations == maximumIterations)
      // Deflated by vectors of finite accuracy, and still the matrix has an eigenvalue this near.
      #expect(spectrum.distance(to: eigenvalue.value) <= eigenvalue.residual * (1 + 1e-9) + 1e-12)
    }
  }

  @Test func `a tight tolerance finds the largest magnitudes with their signs`() throws {
    let spectrum = KnownSpectrum("", [-9, 5, 3, 1, 0.5, 0.1])
    let found = try PowerIteration(count: 4, maximumIterations: 500, tolerance: 1e-12)(
      spectrum.matrix(seed: 1))
    expectClose(found.eigenvalues.map(\.value), [-9, 5, 3, 1], relative: 1e-5)
    #expect(found.converged)
  }

  @Test func `repeated eigenvalues are found as often as they are there`() throws {
    let spectrum = KnownSpectrum("", [4, 4, 4, 1, 0.5, 0.2, 0.1])
    let found = try PowerIteration(count: 4, maximumIterations: 500, tolerance: 1e-12)(
      spectrum.matrix(seed: 2))
    expectClose(found.eigenvalues.map(\.value), [4, 4, 4, 1], relative: 1e-5)
  }

  @Test func `the residual shows where two of opposite signs hold each other up`() throws {
    // μ sits between −3 and 3, hardly moves, and the stopping rule is content.
    let spectrum = KnownSpectrum("", [3, -3, 0.1, 0.05, 0])
    let found = try PowerIteration(count: 1, maximumIterations: 100, tolerance: 1e-3)(
      spectrum.matrix(seed: 4))
    let top = found.eigenvalues[0]
    #expect(top.converged)
    #expect(spectrum.distance(to: top.value) > 0.1)
    #expect(top.residual >= spectrum.distance(to: top.value))
  }

  @Test func `the cap is told, and the value is that of the last product`() throws {
    let spectrum = KnownSpectrum("", [1, 0.999, 0.998, 0.5])
    let found = try PowerIteration(count: 1, maximumIterations: 1, tolerance: 0)(
      spectrum.matrix(seed: 5))
    #expect(!found.converged)
    #expect(found.products == 1)
  }

  @Test func `a zero matrix has zeros with residual zero`() throws {
    let found = try PowerIteration(count: 3)(
      MatrixOperator(.zeros([5, 5], dtype: .float64)))
    #expect(found.eigenvalues.map(\.value) == [0, 0, 0])
    #expect(found.eigenvalues.map(\.residual) == [0, 0, 0])
    #expect(found.converged)
  }

  @Test func `one dimension, and more eigenvalues than it has`() throws {
    let one = MatrixOperator(Tensor([-2.5], shape: [1, 1]))
    let found = try PowerIteration()(one)
    expectClose(found.eigenvalues[0].value, -2.5, relative: 1e-5)
    #expect(throws: CurvatureError.tooMany("eigenvalues", asked: 2, dimension: 1)) {
      _ = try PowerIteration(count: 2)(one)
    }
  }

  @Test func `equal seeds give equal bits, other seeds others`() throws {
    let matrix = KnownSpectrum("", KnownSpectrum.geometric(30, ratio: 0.7)).matrix(seed: 6)
    func run(_ seed: UInt64) throws -> TopEigenvalues {
      try PowerIteration(count: 2, seed: seed)(matrix)
    }
    let (a, b, c) = (try run(1), try run(1), try run(2))
    #expect(a.eigenvalues == b.eigenvalues)
    #expect(zip(a.vectors, b.vectors).allSatisfy { $0.isIdentical(to: $1) })
    #expect(a.eigenvalues != c.eigenvalues)
  }

  @Test func `a product of NaN is an error`() {
    let matrix = MatrixOperator(Tensor([1.0, .nan, .nan, 2], shape: [2, 2]))
    #expect(throws: CurvatureError.notFinite("product")) { _ = try PowerIteration()(matrix) }
  }
}
