import Torch

/// A tensor of rank 2 or more as a matrix of its first dimension by all others, and the way back.
///
/// The columns come in the order of memory: deflation commutes with a permutation of columns, and a
/// channels-last gradient then needs no copy.
struct MatrixReading {
  let original: Tensor
  let matrix: Tensor
  private let order: [Int]
  private let permuted: [Int]

  init(_ tensor: Tensor) {
    original = tensor
    let strides = tensor.strides
    order = [0] + (1..<tensor.rank).sorted { (strides[$0], $1) > (strides[$1], $0) }
    let shape = tensor.shape
    permuted = order.map { shape[$0] }
    let moved = order == Array(0..<tensor.rank) ? tensor : tensor.permuted(order)
    matrix =
      (tensor.rank == 2 ? moved : moved.reshaped([shape[0], -1]))
      .converted(to: tensor.dtype.byteCount < 4 ? .float32 : tensor.dtype)
  }

  /// A matrix of the same extents in the original's shape, type and memory order.
  func restored(_ matrix: Tensor) -> Tensor {
    let rank = order.count
    var tensor = matrix.converted(to: original.dtype)
    if rank > 2 { tensor = tensor.reshaped(permuted) }
    if order != Array(0..<rank) {
      tensor = tensor.permuted((0..<rank).map { order.firstIndex(of: $0)! })
    }
    guard tensor.strides != original.strides else { return tensor }
    let result = Tensor.zeros(like: original)
    result.copyInPlace(from: tensor)
    return result
  }
}
