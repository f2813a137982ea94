import Optimization
import Torch

/// How exactly one gradient is deflated, against LAPACK in float64.
struct DeflationLayer {
  static let header = [
    "gradient", "matrix", "σ₁/σ₂", "warm ms", "cold ms", "SVD ms", "SVD/warm", "error", "excess",
    "error of SVD",
  ]

  let name: String
  let shape: [Int]
  /// σ₁/σ₂
  let gap: Double
  let fast: Accuracy
  let full: Accuracy
  let fellBack: Bool

  struct Accuracy {
    /// ‖D − D₆₄‖_F / ‖D₆₄‖_F
    let error: Double
    /// ‖D‖₂/σ₂ − 1
    let excess: Double
  }

  init(_ name: String, _ gradient: Tensor) throws {
    let matrix = gradient.detached().contiguous().flattened(from: 1).converted(to: .float64)
    let (u, s, vh) = try matrix.singularValueDecomposition()
    let (sigma, second) = (s[0].item(), s[1].item())
    let exact = matrix - u.selecting(0, along: 1).outer(vh[0]) * sigma
    func accuracy(_ solver: DominantSingularDeflation.Solver) throws -> (Accuracy, Bool) {
      var transform = DominantSingularDeflation(solver: solver)
      var gradients: NamedTensors = [name: gradient]
      transform.apply(to: &gradients, at: [:], step: 0)
      let found = gradients[name]!.contiguous().flattened(from: 1).converted(to: .float64)
      let accuracy = Accuracy(
        error: ((found - exact).norm() / exact.norm()).item(),
        excess: try found.singularValues()[0].item() / second - 1)
      return (accuracy, transform.report.fallbacks > 0)
    }
    self.name = name
    shape = matrix.shape
    gap = sigma / second
    (fast, fellBack) = try accuracy(.fast)
    (full, _) = try accuracy(.svd)
  }

  var agreements: [Agreement] {
    get throws {
      var all = [
        try Agreement("\(name): ‖D‖₂/σ₂ − 1", error: max(fast.excess, full.excess), tolerance: 1e-3)
      ]
      if gap >= 1.01 {
        all.append(
          try Agreement(
            "\(name): D against float64", error: max(fast.error, full.error), tolerance: 1e-4))
      }
      return all
    }
  }

  /// The worst of all matrices.
  static func agreements(of matrices: NamedTensors) throws -> [Agreement] {
    let layers = try matrices.map { try DeflationLayer($0.name, $0.tensor) }
    let distinct = layers.filter { $0.gap >= 1.01 }
    return [
      try Agreement(
        "‖D‖₂/σ₂ − 1 of both solvers, worst matrix",
        error: layers.map { max($0.fast.excess, $0.full.excess) }.max() ?? .nan, tolerance: 1e-3),
      try Agreement(
        "D of both solvers against float64, worst of the \(distinct.count) matrices with σ₁/σ₂ ≥ 1.01",
        error: distinct.map { max($0.fast.error, $0.full.error) }.max() ?? 0, tolerance: 1e-4),
    ]
  }

  func row(_ comparison: Comparison) -> [String] {
    let times = comparison.sides.map { formatted($0.samples.median * 1e3, 3) }
    return [
      name, "\(shape[0]) × \(shape[1])" + (fellBack ? " (fell back)" : ""), formatted(gap, 4),
    ]
      + times
      + [
        formatted(comparison.ratio(comparison.sides[2]), 3), scientific(fast.error),
        scientific(fast.excess), scientific(full.error),
      ]
  }
}
