import Torch

/// Orthonormal vectors `[n]`, rows of a few blocks that are added as they are needed: never more than `capacity` rows.
///
/// Vectors may have 10 million elements, so this is the memory of a solver. Nothing copies it: rows are written in place,
/// and a change of basis goes through it in narrow strips.
final class OrthonormalBasis {
  let dimension: Int
  let capacity: Int
  let dtype: DType
  let device: Device
  private(set) var count = 0
  /// The most rows that it ever held.
  private(set) var largestCount = 0
  private var blocks: [Tensor] = []

  private static let rowsPerBlock = 8
  private static let stripWidth = 1 << 16

  init(of matrix: some LinearOperator, capacity: Int) {
    dimension = matrix.dimension
    dtype = matrix.dtype
    device = matrix.device
    self.capacity = capacity
  }

  var isFull: Bool { count == capacity }

  /// - Precondition: a unit vector, orthogonal to the others; the basis is not full.
  func append(_ vector: Tensor) {
    precondition(!isFull, "OrthonormalBasis: more than \(capacity) vectors")
    let (block, row) = count.quotientAndRemainder(dividingBy: Self.rowsPerBlock)
    if block == blocks.count {
      let rows = min(Self.rowsPerBlock, capacity - count)
      blocks.append(.zeros([rows, dimension], dtype: dtype, device: device))
    }
    blocks[block][row].copyInPlace(from: vector)
    count += 1
    largestCount = max(largestCount, count)
  }

  /// Splits a vector into Σ cᵢqᵢ and what is orthogonal to the basis: classical Gram–Schmidt, and once more where the
  /// first pass took away more than it left.
  ///
  /// "Twice is enough" (Giraud, Langou, Rozložník, 2005): the second pass removes what rounding left in the first, and its
  /// coefficients correct those of the first, so that they are as good as the basis. Where ‖r‖ ≥ ‖Σ cᵢqᵢ‖, rounding left no
  /// more than √2 times its own share, and one pass is as good (Daniel, Gragg, Kaufman and Stewart, 1976).
  ///
  /// - Returns: also ‖r‖.
  func split(_ vector: Tensor) -> (coefficients: [Double], remainder: Tensor, length: Double) {
    var remainder = vector
    guard count > 0 else { return ([], vector, length(vector)) }
    var size = 0.0
    var coefficients = [Double](repeating: 0, count: count)
    for _ in 0..<2 {
      let parts = liveBlocks.map { $0.times(vector: remainder) }
      // The first subtraction makes the copy that the others write to.
      remainder = remainder - liveBlocks[0].transposed().times(vector: parts[0])
      for (block, part) in zip(liveBlocks, parts).dropFirst() {
        remainder.addInPlace(block.transposed().times(vector: part), scale: -1)
      }
      let values = Tensor.concatenating(parts).scalars(of: Double.self)
      for (index, value) in values.enumerated() { coefficients[index] += value }
      let removed = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
      size = length(remainder)
      if size >= removed { break }
    }
    return (coefficients, remainder, size)
  }

  /// The i-th vector.
  subscript(index: Int) -> Tensor {
    blocks[index / Self.rowsPerBlock][index % Self.rowsPerBlock]
  }

  /// Σ cᵢqᵢ
  func combination(_ coefficients: [Double]) -> Tensor {
    let weights = tensor(coefficients, shape: [count])
    var start = 0
    let sum = Tensor.zeros([dimension], dtype: dtype, device: device)
    for block in liveBlocks {
      let part = weights[start..<start + block.size(0)]
      sum.addInPlace(block.transposed().times(vector: part))
      start += block.size(0)
    }
    return sum
  }

  /// Replaces the vectors by the combinations with these coefficients, in place.
  ///
  /// - Precondition: orthonormal coefficients, one each for every vector.
  func replace(byCombinations columns: [[Double]]) {
    precondition(columns.count <= count, "OrthonormalBasis: more combinations than vectors")
    let weights = tensor(columns.flatMap { $0 }, shape: [columns.count, count])
    let old = liveBlocks
    count = columns.count
    let new = liveBlocks
    for start in stride(from: 0, to: dimension, by: Self.stripWidth) {
      let strip = start..<min(start + Self.stripWidth, dimension)
      let rotated = weights.matmul(
        .concatenating(old.map { $0.slicing(strip, along: 1) }))
      var row = 0
      for block in new {
        block.slicing(strip, along: 1).copyInPlace(from: rotated[row..<row + block.size(0)])
        row += block.size(0)
      }
    }
  }

  /// The blocks' rows in use.
  private var liveBlocks: [Tensor] {
    var left = count
    var live: [Tensor] = []
    for block in blocks where left > 0 {
      let rows = min(left, block.size(0))
      live.append(block[0..<rows])
      left -= rows
    }
    return live
  }

  private func tensor(_ values: [Double], shape: [Int]) -> Tensor {
    Tensor(values, shape: shape).converted(to: dtype).moved(to: device)
  }
}
