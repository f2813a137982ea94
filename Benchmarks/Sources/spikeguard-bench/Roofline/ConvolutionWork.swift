/// The arithmetic of one direction of a square convolution, stride 1, padded to keep the images'
/// size.
///
/// All three directions (forward, towards the input, towards the weight) multiply every weight with
/// every pixel that it meets, so they take the same operations.
struct ConvolutionWork {
  let examples: Int
  let inputs: Int
  let outputs: Int
  let height: Int
  let width: Int
  let kernel: Int

  /// `[N, in, H, W]` by `[out, in, k, k]`
  init(input: [Int], weight: [Int]) {
    (examples, inputs, height, width) = (input[0], input[1], input[2], input[3])
    (outputs, kernel) = (weight[0], weight[2])
  }

  /// Multiplications and additions of the direct algorithm, those with the padding's zeros left
  /// out.
  var operations: Double { 2 * channels * meetings(height) * meetings(width) }

  /// The same with the padding's zeros, as most programs compute it:
  ///
  ///     2 · N · out · in · k² · H · W
  var paddedOperations: Double {
    2 * channels * Double(kernel * kernel * height * width)
  }

  private var channels: Double { Double(examples) * Double(inputs) * Double(outputs) }

  /// Pairs of a position and an offset of the kernel that meet inside the image, along one axis.
  private func meetings(_ extent: Int) -> Double {
    let reach = kernel / 2
    return Double(
      (0..<extent).reduce(0) { $0 + min(extent - 1, $1 + reach) - max(0, $1 - reach) + 1 })
  }

  var shape: String { "\(outputs) ← \(inputs), \(height) × \(width)" }
}
