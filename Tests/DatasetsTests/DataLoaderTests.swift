import Testing
import Torch

@testable import Datasets

@Suite struct DataLoaderTests {
  static let data = syntheticDataset(count: 23, channels: 2)
  static let steps: [Augmentation] = [.randomCrop(padding: 1), .randomFlip]

  private func loader(
    batchSize: Int = 5, order: DataLoader.Order = .shuffled, seed: UInt64 = 7,
    partial: DataLoader.PartialBatch = .keep, prefetch: Int = 2
  ) -> DataLoader {
    DataLoader(
      Self.data, batchSize: batchSize, order: order, seed: seed, augmentations: Self.steps,
      partialBatch: partial, prefetch: prefetch)
  }

  /// Everything that a batch is, comparable.
  private func content(_ batches: some Sequence<Batch>) -> [[String]] {
    batches.map { batch in
      [
        "\(batch.epoch)/\(batch.index)", "\(batch.indices)", "\(batch.images.shape)",
        "\(batch.images.scalars(of: Float.self))", "\(batch.labels.scalars(of: Int.self))",
      ]
    }
  }

  /// Each sample's picture, whatever batch it came in.
  private func pictures(_ batches: some Sequence<Batch>) -> [Int: [Float]] {
    var result: [Int: [Float]] = [:]
    for batch in batches {
      for (place, index) in batch.indices.enumerated() {
        #expect(result[index] == nil)
        result[index] = batch.images[place].scalars(of: Float.self)
      }
    }
    return result
  }

  @Test("Without shuffling and augmentation the batches are the data set, cut")
  func plain() {
    let loader = DataLoader(Self.data, batchSize: 5)
    let batches = Array(loader.epoch(3))
    #expect(batches.map(\.index) == [0, 1, 2, 3, 4])
    #expect(batches.map(\.epoch) == [3, 3, 3, 3, 3])
    #expect(batches.map(\.count) == [5, 5, 5, 5, 3])
    #expect(batches.flatMap(\.indices) == Array(0..<23))
    for batch in batches {
      #expect(batch.images.shape == [batch.count, 2, 5, 7])
      #expect((batch.images.dtype, batch.labels.dtype) == (.float32, .int64))
      #expect(batch.images.isIdentical(to: Self.data.images(at: batch.indices)))
      #expect(batch.labels.isIdentical(to: Self.data.labels(at: batch.indices)))
    }
  }

  @Test("The last partial batch is kept unless it is dropped on purpose")
  func partialBatch() {
    #expect(loader().batchesPerEpoch == 5)
    #expect(Array(loader().epoch(0)).map(\.count) == [5, 5, 5, 5, 3])
    #expect(loader(partial: .drop).batchesPerEpoch == 4)
    #expect(Array(loader(partial: .drop).epoch(0)).map(\.count) == [5, 5, 5, 5])
    for partial in [DataLoader.PartialBatch.keep, .drop] {
      #expect(Array(loader(batchSize: 23, partial: partial).epoch(0)).map(\.count) == [23])
    }
    #expect(Array(loader(batchSize: 99).epoch(0)).map(\.count) == [23])
  }

  @Test("A shuffle shows every sample once, and differs by epoch and by seed")
  func shuffle() {
    let orders = [(7, 0), (7, 1), (8, 0)].map { loader(seed: $0).sampleOrder(inEpoch: $1) }
    for order in orders { #expect(order.sorted() == Array(0..<23)) }
    #expect(Set(orders).count == 3)
    #expect(!orders.contains(Array(0..<23)))
    #expect(Array(loader().epoch(1)).flatMap(\.indices) == orders[1])
  }

  @Test("Labels follow their images through the shuffle")
  func labels() {
    for batch in loader().epoch(0) {
      #expect(batch.labels.scalars(of: Int.self) == batch.indices.map { $0 % 3 })
    }
  }

  @Test("Prefetching changes nothing", arguments: [1, 2, 3, 100])
  func prefetch(count: Int) {
    #expect(content(loader(prefetch: count).epoch(2)) == content(loader(prefetch: 0).epoch(2)))
  }

  @Test(
    "However many threads make the batches, they are the same, bit for bit, in the same order",
    arguments: [1, 2, 3, 8], [1, 2, 5])
  func workers(count: Int, prefetch: Int) {
    let augmentations: [Augmentation] = [
      .randomCrop(padding: 1),
      .cutout(Cutout(probability: 0.7, area: 0.1...0.6, aspect: 0.4...2.5, fill: .noise)),
      .randomFlip,
    ]
    func loader(workers: Int, prefetch: Int) -> DataLoader {
      DataLoader(
        Self.data, batchSize: 2, order: .shuffled, seed: 7, augmentations: augmentations,
        prefetch: prefetch, workers: workers)
    }
    let expected = content(loader(workers: 1, prefetch: 0).epoch(3))
    for _ in 0..<5 {
      #expect(content(loader(workers: count, prefetch: prefetch).epoch(3)) == expected)
    }
    #expect(
      content(loader(workers: count, prefetch: prefetch).epoch(3, from: 7))
        == Array(expected.dropFirst(7)))
  }

  @Test("Evaluation sees every image once, whatever the batch size leaves over", arguments: 1...24)
  func everyTestImage(batchSize: Int) {
    for workers in [1, 3] {
      let loader = DataLoader(Self.data, batchSize: batchSize, workers: workers)
      let batches = Array(loader.epoch(0))
      #expect(batches.flatMap(\.indices) == Array(0..<23))
      #expect(batches.map(\.count).reduce(0, +) == 23)
      #expect(batches.count == loader.batchesPerEpoch)
    }
  }

  @Test("What a sample looks like depends on seed, epoch and sample alone")
  func samples() {
    let base = pictures(loader().epoch(4))
    #expect(pictures(loader(batchSize: 1).epoch(4)) == base)
    #expect(pictures(loader(batchSize: 23, order: .sequential).epoch(4)) == base)
    #expect(pictures(loader().epoch(5)) != base)
    #expect(pictures(loader(seed: 8).epoch(4)) != base)
    // All samples hold the same pixels, so only the draws can tell them apart.
    #expect(Set(base.values).count > 1)
  }

  @Test("An epoch that starts in the middle is the rest of the whole one", arguments: 0...5)
  func resume(start: Int) {
    let whole = content(loader().epoch(6))
    #expect(content(loader().epoch(6, from: start)) == Array(whole[start...]))
    #expect(content(loader(prefetch: 0).epoch(6, from: start)) == Array(whole[start...]))
  }

  @Test("An epoch can be walked twice, also at the same time")
  func twice() {
    let epoch = loader().epoch(0)
    let first = epoch.makeIterator()
    let second = epoch.makeIterator()
    for index in 0..<5 {
      #expect(first.next()?.index == index)
      #expect(second.next()?.index == index)
    }
    #expect(first.next() == nil && first.next() == nil)
    #expect(content(epoch) == content(epoch))
  }

  @Test("Pixels stay in [0, 1]") func range() {
    for batch in loader().epoch(0) {
      #expect(batch.images.min().item() >= 0 && batch.images.max().item() <= 1)
    }
  }

  @Test("Settings that make no batch trap") func misuse() async {
    await #expect(processExitsWith: .failure) {
      _ = DataLoader(syntheticDataset(count: 2), batchSize: 0)
    }
    await #expect(processExitsWith: .failure) {
      _ = DataLoader(syntheticDataset(count: 2), batchSize: 3, partialBatch: .drop)
    }
    await #expect(processExitsWith: .failure) {
      _ = DataLoader(syntheticDataset(count: 2), batchSize: 1).epoch(0, from: 3)
    }
  }
}
