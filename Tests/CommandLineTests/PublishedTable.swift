import Models

/// Sizes on 224 × 224 colour images with 1000 classes, from the papers' tables of layers: Simonyan and Zisserman 2014
/// (table 1), He et al. 2015 (table 1).
struct PublishedTable {
  var parameters = 0
  var neurons = 0
  var operations = 0
  /// Multiply-accumulates of the first convolution.
  var stem = 0
  private var channels = 3
  private var side = 224

  static func size(of name: ModelName) -> PublishedTable {
    var table = PublishedTable()
    switch name {
    // The authors' VGG-5 has two stages.
    case .vgg5: table.vgg([(64, 1), (128, 2)])
    case .vgg11: table.vgg([(64, 1), (128, 1), (256, 2), (512, 2), (512, 2)])
    case .vgg13: table.vgg([(64, 2), (128, 2), (256, 2), (512, 2), (512, 2)])
    case .vgg16: table.vgg([(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)])
    case .vgg19: table.vgg([(64, 2), (128, 2), (256, 4), (512, 4), (512, 4)])
    case .resnet18: table.classic([2, 2, 2, 2])
    case .resnet34: table.classic([3, 4, 6, 3])
    case .nfResNet18: table.normalizerFree([2, 2, 2, 2], isBottleneck: false)
    case .nfResNet34: table.normalizerFree([3, 4, 6, 3], isBottleneck: false)
    case .nfResNet50: table.normalizerFree([3, 4, 6, 3], isBottleneck: true)
    }
    return table
  }

  /// Weights, and `vectors` more numbers for each output channel: biases, gains, scales, shifts.
  private mutating func convolve(
    _ from: Int, _ to: Int, kernel: Int, side: Int, vectors: Int
  ) {
    let weights = kernel * kernel * from * to
    parameters += weights + vectors * to
    operations += weights * side * side
    if stem == 0 { stem = operations }
  }

  private mutating func classify(_ features: Int) {
    parameters += features * 1000 + 1000
    operations += features * 1000
  }

  /// Convolutions with bias, scale and shift, a pool a stage; the last maps as 7 × 7.
  private mutating func vgg(_ stages: [(width: Int, count: Int)]) {
    for stage in stages {
      for _ in 0..<stage.count {
        convolve(channels, stage.width, kernel: 3, side: side, vectors: 3)
        channels = stage.width
        neurons += channels * side * side
      }
      side /= 2
    }
    classify(channels * 49)
  }

  /// Scale and shift behind each convolution, a neuron behind the stem and twice a block.
  private mutating func classic(_ blocks: [Int]) {
    convolve(3, 64, kernel: 7, side: 112, vectors: 2)
    neurons += 64 * 112 * 112
    (channels, side) = (64, 56)
    for (stage, count) in blocks.enumerated() {
      let width = 64 << stage
      side = 56 >> stage
      for _ in 0..<count {
        convolve(channels, width, kernel: 3, side: side, vectors: 2)
        convolve(width, width, kernel: 3, side: side, vectors: 2)
        if channels != width { convolve(channels, width, kernel: 1, side: side, vectors: 2) }
        channels = width
        neurons += 2 * width * side * side
      }
    }
    classify(channels)
  }

  /// Bias and gain for each convolution, a neuron in front of each but the shortcut's, and a gain a block.
  private mutating func normalizerFree(_ blocks: [Int], isBottleneck: Bool) {
    convolve(3, 64, kernel: 7, side: 112, vectors: 2)
    (channels, side) = (64, 56)
    for (stage, count) in blocks.enumerated() {
      let width = 64 << stage
      let outputs = isBottleneck ? 4 * width : width
      for _ in 0..<count {
        let next = 56 >> stage
        // What fires in front of the first convolution still has the size of the stage before.
        neurons += channels * side * side
        if isBottleneck {
          // The second convolution halves the size.
          convolve(channels, width, kernel: 1, side: side, vectors: 2)
          neurons += width * side * side
          convolve(width, width, kernel: 3, side: next, vectors: 2)
          neurons += width * next * next
          convolve(width, outputs, kernel: 1, side: next, vectors: 2)
        } else {
          convolve(channels, width, kernel: 3, side: next, vectors: 2)
          neurons += width * next * next
          convolve(width, width, kernel: 3, side: next, vectors: 2)
        }
        if channels != outputs {
          convolve(channels, outputs, kernel: 1, side: next, vectors: 2)
        }
        parameters += 1
        (channels, side) = (outputs, next)
      }
    }
    classify(channels)
  }
}
