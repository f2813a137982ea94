import Torch

extension LinearOperator {
  /// A random vector of ±1, each with probability 1/2 (Rademacher).
  func randomSigns(using generator: Generator) -> Tensor {
    let coins = Tensor.uniform([dimension], dtype: dtype, using: generator)
    let one = Tensor.ones([dimension], dtype: dtype)
    return Tensor.select(coins .< 0.5, -one, one).moved(to: device)
  }
}
