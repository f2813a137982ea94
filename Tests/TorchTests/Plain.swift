import Torch

/// A row-major array of numbers in plain Swift: what tensor operations are compared with.
struct Plain {
  let shape: [Int]
  private(set) var values: [Double]

  /// The array whose element at each index is `value(index)`.
  init(_ shape: [Int], _ value: ([Int]) -> Double) {
    self.shape = shape
    values = Plain.indices(of: shape).map(value)
  }

  init(_ tensor: Tensor) {
    shape = tensor.shape
    values = tensor.scalars(of: Double.self)
  }

  /// A missing leading dimension and an extent of 1 stand for every index.
  subscript(index: [Int]) -> Double {
    let own = zip(index.suffix(shape.count), shape).map { $1 == 1 ? 0 : $0 }
    return values[Plain.position(of: own, in: shape)]
  }

  var tensor: Tensor { Tensor(values, shape: shape) }

  /// All indices of a shape, the last one running fastest.
  static func indices(of shape: [Int]) -> [[Int]] {
    shape.reduce([[]]) { prefixes, extent in
      prefixes.flatMap { prefix in (0..<extent).map { prefix + [$0] } }
    }
  }

  static func position(of index: [Int], in shape: [Int]) -> Int {
    zip(index, shape).reduce(0) { $0 * $1.1 + $1.0 }
  }
}

/// The same numbers and shape behind other strides: the last dimension lies outermost in memory.
func restrided(_ tensor: Tensor) -> Tensor {
  guard tensor.rank > 1 else { return tensor }
  let forth = [tensor.rank - 1] + Array(0..<tensor.rank - 1)
  let back = Array(1..<tensor.rank) + [0]
  return tensor.permuted(forth).contiguous().permuted(back)
}
