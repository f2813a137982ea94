import Testing
import Torch

@testable import Datasets

@Suite struct CutoutTests {
  /// The slow twin, from the reference's words: one number after another, a tensor for each step.
  private func twin(_ image: Tensor, _ cutout: Cutout, _ random: inout SplitMix64) -> Tensor {
    func real(_ range: ClosedRange<Double>) -> Double {
      range.lowerBound
        + (range.upperBound - range.lowerBound) * (Double(random.next() >> 11) / 9007199254740992)
    }
    let (channels, height, width) = (image.size(0), image.size(1), image.size(2))
    guard real(0...1) < cutout.probability else { return image }
    let area = real(cutout.area) * Double(height * width)
    let aspect = real(cutout.aspect)
    let w = min(width, Int((area / aspect).squareRoot().rounded(.down)))
    let h = min(height, Int((area * aspect).squareRoot().rounded(.down)))
    let left = random.below(width - w + 1)
    let top = random.below(height - h + 1)
    let level = cutout.fill == .noise ? 0 : random.below(256)
    var values = image.scalars(of: Float.self)
    for c in 0..<channels {
      for y in 0..<height {
        for x in 0..<width where (top..<top + h).contains(y) && (left..<left + w).contains(x) {
          let byte =
            switch cutout.fill {
            case .firstChannel: c == 0 ? level : 0
            case .allChannels: level
            case .noise: random.below(256)
            }
          values[(c * height + y) * width + x] = Float(byte) / 255
        }
      }
    }
    return Tensor(values, shape: image.shape)
  }

  private func applied(_ cutout: Cutout, to image: Tensor, _ random: inout SplitMix64) -> Tensor {
    var values = image.scalars(of: Float.self)
    let shape = ImageDataset.Shape(
      channels: image.size(0), height: image.size(1), width: image.size(2))
    values.withUnsafeMutableBufferPointer {
      Augmentation.cutout(cutout).apply(to: $0, shape: shape, using: &random)
    }
    return Tensor(values, shape: image.shape)
  }

  /// Beyond the square: an aspect that would make the rectangle higher or wider than the image.
  static let settings: [Cutout] = Cutout.Fill.allCases.flatMap { fill in
    [
      Cutout(probability: 0.5, area: 0.02...0.4, aspect: 0.4...2.5, fill: fill),
      Cutout(probability: 1, area: 0...1, aspect: 0.1...9, fill: fill),
      Cutout(probability: 0, area: 0.5...0.5, aspect: 1...1, fill: fill),
    ]
  }

  @Test(arguments: settings, [[3, 32, 32], [1, 5, 7], [2, 1, 6], [1, 1, 1]])
  func `cutout equals its slow twin, and leaves the random numbers where the twin does`(
    cutout: Cutout, shape: [Int]
  ) {
    let count = shape.reduce(1, *)
    let image = Tensor((1...count).map { Float($0) / Float(count + 1) }, shape: shape)
    for seed in 0..<40 as Range<UInt64> {
      var (mine, theirs) = (SplitMix64(seed: seed, key: 1), SplitMix64(seed: seed, key: 1))
      let expected = twin(image, cutout, &theirs)
      #expect(applied(cutout, to: image, &mine).isIdentical(to: expected))
      #expect(mine.next() == theirs.next())
    }
  }

  /// Without knowing how numbers are drawn: the rectangle is there half of the time, its mean area is the
  /// expectation, and its sides, its place and the first channel's level have the distributions that they should.
  @Test func `the released cutout has the released distribution`() throws {
    var random = SplitMix64(seed: 5)
    let shape = CIFARLayout.shape
    let draws = 40_000
    let found = (0..<draws).compactMap { _ in Cutout.released.rectangle(in: shape, using: &random) }
    // Binomial: the deviation of the share is 0.0025.
    #expect(abs(Double(found.count) / Double(draws) - 0.5) < 0.0125)
    // E[⌊√(s r)⌋⌊√(s/r)⌋]: by quadrature on a fine grid.
    var (area, height, width) = (0.0, 0.0, 0.0)
    let grid = 500
    for i in 0..<grid {
      for j in 0..<grid {
        let s = (0.02 + 0.38 * (Double(i) + 0.5) / Double(grid)) * 1024
        let r = 0.4 + 2.1 * (Double(j) + 0.5) / Double(grid)
        let (h, w) = ((s * r).squareRoot().rounded(.down), (s / r).squareRoot().rounded(.down))
        (area, height, width) = (area + h * w, height + h, width + w)
      }
    }
    func mean(_ value: (Cutout.Rectangle) -> Int) -> Double {
      Double(found.map(value).reduce(0, +)) / Double(found.count)
    }
    let cells = Double(grid * grid)
    #expect(abs(mean { $0.height * $0.width } - area / cells) < 4)
    #expect(abs(mean(\.height) - height / cells) < 0.2)
    #expect(abs(mean(\.width) - width / cells) < 0.2)
    #expect(
      height > width * 1.1, "the aspect is uniform, not its logarithm: more are high than wide")
    // Wholly inside, at every place that there is.
    #expect(found.allSatisfy { $0.left >= 0 && $0.left + $0.width <= 32 })
    #expect(found.allSatisfy { $0.top >= 0 && $0.top + $0.height <= 32 })
    #expect(found.contains { $0.left + $0.width == 32 } && found.contains { $0.left == 0 })
    #expect(abs(mean { 2 * $0.left + $0.width } - 32) < 0.5)
    #expect(abs(mean { 2 * $0.top + $0.height } - 32) < 0.5)
  }

  @Test func `released fills are a level in the first channel and nothing in the others`() throws {
    let whole = Cutout(probability: 1, area: 1...1, aspect: 1...1, fill: .firstChannel)
    var random = SplitMix64(seed: 2)
    var levels: Set<Int> = []
    for _ in 0..<3000 {
      let image = applied(whole, to: Tensor.full(0.5, shape: [3, 2, 2]), &random)
      let values = image.scalars(of: Float.self)
      #expect(values[4...].allSatisfy { $0 == 0 } && Set(values[..<4]).count == 1)
      levels.insert(Int((values[0] * 255).rounded()))
    }
    // Both ends are drawn; to miss some level of 256 in 3000 draws is likely, to miss twenty is not.
    #expect(levels.contains(0) && levels.contains(255) && levels.count > 236)
  }

  @Test func `the release's order is crop, cutout, flip`() {
    #expect(
      Augmentation.releasedForCIFAR == [
        .randomCrop(padding: 4), .cutout(.released), .randomFlip,
      ])
    let released = Cutout.released
    #expect((released.probability, released.fill) == (0.5, .firstChannel))
    #expect((released.area, released.aspect) == (0.02...0.4, 0.4...2.5))
  }

  @Test func `what cannot be drawn is a programmer's error`() async {
    await #expect(processExitsWith: .failure) {
      _ = Cutout(probability: 1.5, area: 0...1, aspect: 1...1)
    }
    await #expect(processExitsWith: .failure) {
      _ = Cutout(probability: 1, area: 0...1.1, aspect: 1...1)
    }
    await #expect(processExitsWith: .failure) {
      _ = Cutout(probability: 1, area: 0...1, aspect: 0...1)
    }
  }
}
