import Torch

/// The L2 change on a square: a bump up and a bump down, each falling from its middle, together of length 1.
///
/// Either half is a sum of rectangles around its middle, the k-th of 2k + 1 pixels a side and of height 1/(k + 1)².
/// arXiv 1912.00049, equation 2, with the exponent 2 and the halves of pyautoattack 0.2.0.
enum SquarePattern {
  /// The upper half up and the lower half down, or left and right: one number is drawn for that.
  static func random(side: Int, using generator: Generator) -> Tensor {
    let upper = bump(rows: side / 2, columns: side)
    let lower = -bump(rows: side - side / 2, columns: side)
    let both = scaled(Tensor.concatenating([upper, lower], along: 0))
    return Tensor.uniform([1], using: generator).item() > 0.5 ? both.transposed() : both
  }

  /// `[rows, columns]`, float32, of length 1; rows may be 0.
  private static func bump(rows: Int, columns: Int) -> Tensor {
    guard rows > 0 else { return Tensor.zeros([0, columns]) }
    var heights = [Float](repeating: 0, count: rows * columns)
    for step in 0...max(rows / 2, columns / 2) {
      let height = 1 / (Float(step + 1) * Float(step + 1))
      for row in extent(step, rows) {
        for column in extent(step, columns) { heights[row * columns + column] += height }
      }
    }
    return scaled(Tensor(heights, shape: [rows, columns]))
  }

  /// The 2k + 1 pixels around the middle, as far as there are that many.
  private static func extent(_ step: Int, _ length: Int) -> Range<Int> {
    let begin = length / 2 - step
    return max(begin, 0)..<max(min(begin + 2 * step + 1, length), max(begin, 0))
  }

  private static func scaled(_ pattern: Tensor) -> Tensor {
    pattern / pattern.squared().sum(along: [0, 1], keeping: true).squareRoot()
  }
}
