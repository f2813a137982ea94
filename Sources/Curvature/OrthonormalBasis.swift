import Torch

/// Orthonormal vectors `[n]`, rows of a few blocks that are added as they are needed: never more
/// than `capacity` rows.
///
/// Vectors may have 10 million elements, so this is the memory of a solver. Nothing copies it: rows
/// are written in place, and a change of basis goes through it in narrow strips.
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
      // Pages are touched when a row is written, so rows are not cleared first.
      blocks.append(.uninitialized([rows, dimension], dtype: dtype, device: device))
    }
    blocks[block][row].copyInPlace(from: vector)
    count += 1
    largestCount = max(largestCount, count)
  }

  /// Splits a vector into Σ cᵢqᵢ and what is orthogonal to the basis, which takes its place:
  /// classical Gram–Schmidt, and once more where the first pass took away more than it left.
  ///
  /// "Twice is enough" (Giraud, Langou, Rozložník, 2005): the second pass removes what rounding
  /// left in the first, and its coefficients correct those of the first, so that they are as good
  /// as the basis. Where ‖r‖ ≥ ‖Σ cᵢqᵢ‖, rounding left no more than √2 times its own share, and one
  /// pass is as good (Daniel, Gragg, Kaufman and Stewart, 1976).
  ///
  /// - Parameter vector: becomes r.
  /// - Returns: c and ‖r‖.
  func split(inPlace vector: Tensor) -> (coefficients: [Double], length: Double) {
    guard count > 0 else { return ([], length(vector)) }
    var size = 0.0
    var coefficients = [Double](repeating: 0, count: count)
    for _ in 0..<2 {
      let parts = liveBlocks.map { $0.times(vector: vector) }
      for (block, part) in zip(liveBlocks, parts) {
        vector.addProductInPlace(block.transposed(), part, scale: -1)
      }
      let values = Tensor.concatenating(parts).scalars(of: Double.self)
      for (index, value) in values.enumerated() { coefficients[index] += value }
      let removed = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
      size = length(vector)
      if size >= removed { break }
    }
    return (coefficients, size)
  }

  /// The i-th vector.
  subscript(index: Int) -> Tensor {
    blocks[index / Self.rowsPerBlock][index % Self.rowsPerBlock]
  }

  /// Σ cᵢqᵢ for each row of coefficients, in one pass over the basis.
  ///
  /// - Returns: `[rows, n]`
  func combinations(_ coefficients: [[Double]]) -> Tensor {
    let weights = tensor(coefficients.flatMap { $0 }, shape: [coefficients.count, count])
    let sums = Tensor.uninitialized(
      [coefficients.count, dimension], dtype: dtype, device: device)
    forEachStrip { strip in
      sums.slicing(strip, along: 1).copyInPlace(from: rotated(by: weights, strip))
    }
    return sums
  }

  /// Replaces the vectors by the combinations with these coefficients, in place.
  ///
  /// - Precondition: orthonormal coefficients, one each for every vector.
  func replace(byCombinations columns: [[Double]]) {
    precondition(columns.count <= count, "OrthonormalBasis: more combinations than vectors")
    let weights = tensor(columns.flatMap { $0 }, shape: [columns.count, count])
    forEachStrip { strip in
      let rotated = rotated(by: weights, strip)
      var row = 0
      for block in blocks(holding: columns.count) {
        block.slicing(strip, along: 1).copyInPlace(from: rotated[row..<row + block.size(0)])
        row += block.size(0)
      }
    }
    count = columns.count
  }

  private func forEachStrip(_ body: (Range<Int>) -> Void) {
    for start in stride(from: 0, to: dimension, by: Self.stripWidth) {
      body(start..<min(start + Self.stripWidth, dimension))
    }
  }

  /// Combinations of the vectors' elements in a strip, one for each row of weights.
  private func rotated(by weights: Tensor, _ strip: Range<Int>) -> Tensor {
    weights.matmul(.concatenating(liveBlocks.map { $0.slicing(strip, along: 1) }))
  }

  /// The blocks' rows in use.
  private var liveBlocks: [Tensor] { blocks(holding: count) }

  /// The blocks' first rows.
  private func blocks(holding count: Int) -> [Tensor] {
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
