import TestSupport
import Testing
import Torch

@testable import Datasets

@Suite struct ImagePartsTests {
  /// Bytes and floats; every pixel tells its image.
  static func dataset(_ count: Int, floats: Bool = false) -> ImageDataset {
    let shape = ImageDataset.Shape(channels: 2, height: 1, width: 3)
    let values = (0..<count * 6).map { UInt8($0 % 256) }
    return ImageDataset(
      name: "parts", split: .train, shape: shape,
      pixels: floats ? .floats(values.map { Float($0) / 255 }) : .bytes(values),
      labels: (0..<count).map { $0 * 3 % 5 }, classNames: (0..<5).map(String.init))
  }

  @Test(arguments: [false, true])
  func `a selection holds the images, labels and classes of its places, in their order`(
    floats: Bool
  ) {
    let data = Self.dataset(9, floats: floats)
    for indices in [[0], [8, 0, 8], [3, 4, 5], Array((0..<9).reversed())] {
      let part = data.selecting(indices)
      #expect(part.count == indices.count && part.classes == 5)
      #expect(part.labels == indices.map { data.labels[$0] })
      #expect(part.images(at: 0..<part.count).isIdentical(to: data.images(at: indices)))
      #expect((part.name, part.split, part.shape) == (data.name, data.split, data.shape))
    }
    #expect(data.selecting(0..<9).crc32 == data.crc32)
  }

  @Test(arguments: [(2, 1), (10, 3), (101, 100)])
  func `a split's parts are the whole, without an image in common`(count: Int, validation: Int) {
    let data = Self.dataset(count)
    let parts = data.split(validationCount: validation, seed: 4)
    #expect((parts.training.count, parts.validation.count) == (count - validation, validation))
    let pictures = { (data: ImageDataset) in
      (0..<data.count).map { "\(data.images(at: [$0]).scalars(of: Float.self)) \(data.labels[$0])" }
    }
    let whole = pictures(data)
    let (first, second) = (pictures(parts.training), pictures(parts.validation))
    #expect((first + second).sorted() == whole.sorted())
    // Each part in the data set's order.
    #expect(first == whole.filter(Set(first).contains) || Set(whole).count < count)
  }

  @Test func `a split depends on its seed alone, and differs by seed`() {
    let data = Self.dataset(30)
    let labels = (0..<20 as Range<UInt64>).map { seed in
      data.split(validationCount: 10, seed: seed).validation.crc32
    }
    #expect(Set(labels).count > 15)
    #expect(data.split(validationCount: 10, seed: 3).validation.crc32 == labels[3])
  }

  /// Without knowing how numbers are drawn: every image is held out as often (chi-square, 9 degrees, p = 10⁻⁶).
  @Test func `every image is as likely to be held out`() {
    let values = (0..<10).map { UInt8($0) }
    let data = ImageDataset(
      name: "ten", split: .train, shape: .init(channels: 1, height: 1, width: 1),
      pixels: .bytes(values), labels: (0..<10).map { $0 }, classNames: (0..<10).map(String.init))
    var counts = [Int](repeating: 0, count: 10)
    let rounds = 3000
    for seed in 0..<UInt64(rounds) {
      for label in data.split(validationCount: 3, seed: seed).validation.labels {
        counts[label] += 1
      }
    }
    let expected = Double(rounds) * 0.3
    // Of hypergeometric counts: the variance of each is smaller than a multinomial's.
    let statistic = counts.map { ($0.double - expected) * ($0.double - expected) / expected }
      .reduce(0, +)
    #expect(statistic < 45)
  }

  @Test func `impossible parts are a programmer's error`() async {
    await #expect(processExitsWith: .failure) {
      _ = ImagePartsTests.dataset(3).split(validationCount: 3, seed: 0)
    }
    await #expect(processExitsWith: .failure) {
      _ = ImagePartsTests.dataset(3).split(validationCount: 0, seed: 0)
    }
    await #expect(processExitsWith: .failure) { _ = ImagePartsTests.dataset(3).selecting([3]) }
    await #expect(processExitsWith: .failure) { _ = ImagePartsTests.dataset(3).selecting([]) }
  }

  @Test(arguments: [false, true])
  func `statistics are those of the tensors`(floats: Bool) {
    let data = Self.dataset(50, floats: floats)
    let images = data.images(at: 0..<50).converted(to: .float64)
    let statistics = data.pixelStatistics
    #expect(statistics.count == 2)
    for (channel, found) in statistics.enumerated() {
      let pixels = images.selecting(channel, along: 1).scalars(of: Double.self)
      let mean = pixels.reduce(0, +) / Double(pixels.count)
      let variance = pixels.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(pixels.count)
      #expect(abs(found.mean - mean) < 1e-7)
      #expect(abs(found.deviation - variance.squareRoot()) < 1e-7)
    }
    #expect(data.classCounts == [10, 10, 10, 10, 10])
    #expect(data.selecting([0, 1]).classCounts == [1, 0, 0, 1, 0])
  }

  @Test func `one grey level has no deviation`() {
    let data = ImageDataset(
      name: "grey", split: .test, shape: .init(channels: 1, height: 1, width: 1),
      pixels: .bytes([77]), labels: [0], classNames: ["0"])
    #expect(data.pixelStatistics[0] == (Double(77) / 255, 0))
  }
}

extension Int {
  fileprivate var double: Double { Double(self) }
}
