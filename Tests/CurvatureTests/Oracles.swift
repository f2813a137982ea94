import Curvature
import Torch

/// The matrix of a product, `[n, n]`, column by column.
func dense(
  _ n: Int, _ product: (Tensor) throws -> Tensor
) rethrows -> Tensor {
  let unit = Tensor.identity(n, dtype: .float64)
  return .stacking(try (0..<n).map { try product(unit.selecting($0, along: 0)) }, along: 1)
}

extension LossFunction {
  /// The matrix of one of its products.
  func matrix(_ product: CurvatureProduct) throws -> Tensor {
    let curvature = try LossCurvature(of: self, product: product)
    return try dense(curvature.dimension) { try curvature($0) }
  }

  /// (F(θ + hv) − F(θ − hv)) / 2h, by other means than the product under test: the leaves' numbers are added to, and the
  /// gradient is asked of the engine.
  func centralDifference(_ v: Tensor, step h: Double = 1e-5) -> Tensor {
    func field(_ offset: Double) -> Tensor {
      var start = 0
      for tensor in parameters.tensors {
        let part = v.slicing(start..<start + tensor.count, along: 0).reshaped(tensor.shape)
        withoutGradients { tensor.addInPlace(part, scale: offset) }
        start += tensor.count
      }
      let total = batches.reduce(0) { $0 + $1.weight }
      let mean = batches.map { $0.loss($0.outputs()) * ($0.weight / total) }
      let gradients = mean.dropFirst().reduce(mean[0]) { $0 + $1 }.gradients(of: parameters.tensors)
      return .concatenating(gradients.map { $0.reshaped([-1]) })
    }
    let forth = field(h)
    let back = field(-2 * h)
    _ = field(h)
    return (forth - back) / (2 * h)
  }
}

/// An asymmetry of a matrix as written: ‖A − Aᵀ‖ / ‖A‖.
func asymmetry(_ a: Tensor) -> Double { (a - a.transposed()).norm().item() / a.norm().item() }
