import Testing
import Torch

@testable import Attacks

/// The projection of one image by bisection on λ, pixel by pixel: what ``HyperplaneProjection`` must find.
///
/// Every pixel goes against sgn(v) w by λ (L∞) or λ|w| (L2) and stops at the box; v + w·d grows to 0 with λ.
private func slowProjection(
  _ x: [Double], value: Double, slope: [Double], norm: ThreatModel.Norm
) -> [Double] {
  let side = value > 0 ? 1.0 : value < 0 ? -1.0 : 0
  func displacement(_ time: Double) -> [Double] {
    x.indices.map { i in
      let toward = -side * (slope[i] > 0 ? 1 : slope[i] < 0 ? -1 : 0)
      let step = toward * time * (norm == .linf ? 1 : abs(slope[i]))
      return min(max(x[i] + step, 0), 1) - x[i]
    }
  }
  func remaining(_ d: [Double]) -> Double {
    side * (value + zip(slope, d).reduce(0) { $0 + $1.0 * $1.1 })
  }
  var (low, high) = (0.0, 1.0)
  while remaining(displacement(high)) > 0, high < 1e9 { high *= 2 }
  for _ in 0..<200 {
    let middle = (low + high) / 2
    if remaining(displacement(middle)) > 0 { low = middle } else { high = middle }
  }
  return displacement(high)
}

@Suite struct HyperplaneProjectionTests {
  struct Problem: Sendable {
    let norm: ThreatModel.Norm
    let pixels: Int
    let seed: UInt64
  }

  static let problems: [Problem] = ThreatModel.Norm.allCases.flatMap { norm in
    [1, 2, 3, 7, 16, 33].flatMap { pixels in
      (1...3 as ClosedRange<UInt64>).map { Problem(norm: norm, pixels: pixels, seed: $0) }
    }
  }

  /// Points in the box, on its rim and in its corners; hyperplanes near, far and out of reach; slopes with zeros.
  private func draw(_ problem: Problem) -> (points: Tensor, values: Tensor, slopes: Tensor) {
    let generator = Generator(seed: problem.seed)
    let shape = [40, problem.pixels]
    func uniform(_ range: ClosedRange<Double>) -> Tensor {
      Tensor.uniform(shape, in: range, dtype: .float64, using: generator)
    }
    let points = uniform(-0.3...1.3).clamped(0, 1)
    let slopes = Tensor.normal(shape, dtype: .float64, using: generator)
    let kept = (uniform(0...1) .> 0.2).converted(to: .float64)
    let reach = Tensor.uniform([40], in: -1.3...1.3, dtype: .float64, using: generator)
    let values = reach * (slopes * kept).norm(1, along: [1])
    return (points, values, slopes * kept)
  }

  /// Catches: a pixel that leaves the box or stops too early, the wrong one of two directions, sums in the wrong order,
  /// an index beside the right one.
  @Test(arguments: problems)
  func `equals the slow projection`(problem: Problem) {
    let (points, values, slopes) = draw(problem)
    let found = HyperplaneProjection(norm: problem.norm)(points, values: values, slopes: slopes)
    var reached = 0
    for row in 0..<40 {
      let (x, w) = (points[row].scalars(of: Double.self), slopes[row].scalars(of: Double.self))
      let d = found[row].scalars(of: Double.self)
      let value = values[row].item()
      let expected = slowProjection(x, value: value, slope: w, norm: problem.norm)
      #expect(zip(d, expected).allSatisfy { abs($0 - $1) < 1e-9 })
      #expect(zip(x, d).allSatisfy { (-1e-12...1 + 1e-12).contains($0 + $1) })
      if abs(value + zip(w, d).reduce(0) { $0 + $1.0 * $1.1 }) < 1e-9 { reached += 1 }
    }
    #expect(reached > 5 && reached < 40, "all problems are of one kind")
  }

  /// No admissible point on the hyperplane is nearer: random ones, made from the found one by steps within hyperplane and
  /// box. Catches an oracle that shares a wrong idea with the code.
  @Test(arguments: ThreatModel.Norm.allCases)
  func `nothing on the hyperplane is nearer`(norm: ThreatModel.Norm) {
    let problem = Problem(norm: norm, pixels: 6, seed: 9)
    let (points, values, slopes) = draw(problem)
    let found = HyperplaneProjection(norm: norm)(points, values: values, slopes: slopes)
    let generator = Generator(seed: 10)
    func size(_ d: [Double]) -> Double {
      norm == .linf ? d.map(abs).max()! : d.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
    var compared = 0
    for row in 0..<40 {
      let (x, w) = (points[row].scalars(of: Double.self), slopes[row].scalars(of: Double.self))
      let d = found[row].scalars(of: Double.self)
      guard abs(values[row].item() + zip(w, d).reduce(0) { $0 + $1.0 * $1.1 }) < 1e-9 else {
        continue
      }
      let length = w.reduce(0) { $0 + $1 * $1 }
      for scale in [0.5, 0.1, 0.01, 0.001] {
        for _ in 0..<100 {
          let step = Tensor.normal([6], standardDeviation: scale, dtype: .float64, using: generator)
            .scalars(of: Double.self)
          let across = zip(w, step).reduce(0) { $0 + $1.0 * $1.1 } / length
          let other = d.indices.map { d[$0] + step[$0] - across * w[$0] }
          guard zip(x, other).allSatisfy({ (0...1).contains($0 + $1) }) else { continue }
          compared += 1
          #expect(size(other) >= size(d) - 1e-9)
        }
      }
    }
    #expect(compared > 500)
  }

  /// |v|/‖w‖_dual where the box is far away: L1 for L∞, L2 for L2.
  @Test func `is as long as the dual norm says`() {
    let generator = Generator(seed: 3)
    let points = Tensor.uniform([20, 9], in: 0.4...0.6, dtype: .float64, using: generator)
    let slopes = Tensor.normal([20, 9], dtype: .float64, using: generator)
    let values = Tensor.uniform([20], in: -0.2...0.2, dtype: .float64, using: generator)
    for (norm, order, dual) in [(ThreatModel.Norm.linf, Double.infinity, 1.0), (.l2, 2, 2)] {
      let found = HyperplaneProjection(norm: norm)(points, values: values, slopes: slopes)
      let expected = values.magnitude() / slopes.norm(dual, along: [1])
      #expect(difference(found.norm(order, along: [1]), expected) < 1e-12)
    }
  }

  /// The hyperplane is the same at any scale of its equation. Catches a threshold on gradients, which would leave images
  /// of tiny gradients where they are and look like robustness.
  @Test(arguments: ThreatModel.Norm.allCases)
  func `tiny and huge gradients have the same way`(norm: ThreatModel.Norm) {
    let (points, values, slopes) = draw(Problem(norm: norm, pixels: 8, seed: 4))
    let project = HyperplaneProjection(norm: norm)
    let found = project(points, values: values, slopes: slopes)
    for scale in [1e-30, 1e-9, 1e20] {
      let scaled = project(points, values: values * scale, slopes: slopes * scale)
      #expect(difference(scaled, found) < 1e-9)
    }
  }

  @Test(arguments: ThreatModel.Norm.allCases)
  func `without a slope, or on the hyperplane, nothing moves`(norm: ThreatModel.Norm) {
    let point = Tensor([0.2, 0.0, 1.0], shape: [1, 3])
    let project = HyperplaneProjection(norm: norm)
    let none = project(point, values: Tensor([0.7]), slopes: Tensor([0.0, 0, 0], shape: [1, 3]))
    #expect(none.norm().item() == 0)
    let there = project(point, values: Tensor([0.0]), slopes: Tensor([1.0, -2, 3], shape: [1, 3]))
    #expect(there.norm().item() == 0)
  }
}
