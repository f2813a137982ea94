import Torch

/// A normal tensor that depends on its arguments only: the same in every test, run and order.
public func randomTensor(_ shape: [Int], seed: UInt64, dtype: DType = .float32) -> Tensor {
  Tensor.normal(shape, dtype: dtype, using: Generator(seed: seed))
}

/// Shapes on which layouts and vector tails go wrong: scalar, empty, one element, primes, more than a vector's width.
public let oddShapes: [[Int]] = [
  [], [0], [1], [7], [3, 5], [1, 17], [33, 1], [2, 3, 5], [2, 3, 5, 7],
]
