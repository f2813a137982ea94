import Testing
import Torch

@testable import Datasets

@Suite struct AugmentationTests {
  /// The slow twin: frame the image with zeros, cut the window out, turn it round.
  private func twin(_ image: Tensor, padding: Int, down: Int, right: Int, flipped: Bool) -> Tensor {
    let (height, width) = (image.size(1), image.size(2))
    let columns = Tensor.zeros([image.size(0), height, padding])
    let wide = Tensor.concatenating([columns, image, columns], along: 2)
    let rows = Tensor.zeros([image.size(0), padding, width + 2 * padding])
    let framed = Tensor.concatenating([rows, wide, rows], along: 1)
    let window = framed.slicing(down..<down + height, along: 1)
      .slicing(right..<right + width, along: 2)
    return flipped ? window.flipped(along: 2) : window
  }

  private func applied(_ steps: [Augmentation], to image: Tensor, _ random: SplitMix64) -> Tensor {
    var random = random
    var values = image.scalars(of: Float.self)
    let shape = ImageDataset.Shape(
      channels: image.size(0), height: image.size(1), width: image.size(2))
    values.withUnsafeMutableBufferPointer { buffer in
      for step in steps { step.apply(to: buffer, shape: shape, using: &random) }
    }
    return Tensor(values, shape: image.shape)
  }

  @Test(
    "Crop then flip equals frame, cut, turn: odd sizes, channels, padding beyond the image",
    arguments: [[1, 5, 7], [3, 4, 4], [2, 1, 6], [1, 3, 1]], [0, 1, 2, 4, 9])
  func equalsTwin(shape: [Int], padding: Int) {
    let count = shape.reduce(1, *)
    let image = Tensor((1...count).map { Float($0) / Float(count) }, shape: shape)
    for seed in 0..<60 {
      let random = SplitMix64(seed: UInt64(seed), key: 9)
      var draws = random  // the order of the draws is part of the contract: down, right, flip
      let down = draws.below(2 * padding + 1)
      let right = draws.below(2 * padding + 1)
      let expected = twin(
        image, padding: padding, down: down, right: right, flipped: draws.below(2) == 1)
      #expect(
        applied([.randomCrop(padding: padding), .randomFlip], to: image, random)
          .isIdentical(to: expected.contiguous()))
    }
  }

  /// Without knowing how numbers are drawn: the loader gives each of the 2·(2p + 1)² pictures that the
  /// definition allows, and no other, equally often (chi-square, 49 degrees, p = 10⁻⁶).
  @Test func everyWindowIsAsLikely() throws {
    let padding = 2
    let image = syntheticDataset(count: 1, height: 4, width: 3).images(at: 0..<1)[0]
    var counts: [[Float]: Int] = [:]
    for down in 0...2 * padding {
      for right in 0...2 * padding {
        for flipped in [false, true] {
          let picture = twin(image, padding: padding, down: down, right: right, flipped: flipped)
          counts[picture.scalars(of: Float.self)] = 0
        }
      }
    }
    #expect(counts.count == 50)
    let samples = 20_000
    let loader = DataLoader(
      syntheticDataset(count: samples, height: 4, width: 3), batchSize: samples, seed: 5,
      augmentations: [.randomCrop(padding: padding), .randomFlip], prefetch: 0)
    let batch = try #require(Array(loader.epoch(0)).first)
    let values = batch.images.scalars(of: Float.self)
    for start in stride(from: 0, to: values.count, by: 12) {
      counts[Array(values[start..<start + 12]), default: -samples] += 1
    }
    #expect(counts.count == 50)
    let expected = Double(samples) / 50
    let statistic = counts.values.map {
      (Double($0) - expected) * (Double($0) - expected) / expected
    }
    .reduce(0, +)
    #expect(statistic < 111)
  }

  @Test("Without padding a crop changes nothing")
  func noPadding() {
    let image = Tensor((0..<6).map { Float($0) / 6 }, shape: [1, 2, 3])
    #expect(
      applied([.randomCrop(padding: 0)], to: image, SplitMix64(seed: 1)).isIdentical(to: image))
  }
}
