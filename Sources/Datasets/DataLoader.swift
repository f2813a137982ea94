import Torch

/// Cuts a data set into batches, epoch after epoch, the same for the same seed.
///
/// What a batch holds depends on `seed`, the epoch, the batch's index and the settings that name it, and on
/// nothing that happened before: any epoch can be started at any batch.
///
///     let loader = DataLoader(train, batchSize: 128, order: .shuffled, seed: 7)
///     for batch in loader.epoch(0) { … }
public struct DataLoader: Sendable {
  public enum Order: String, Sendable, Codable {
    /// As in the data set, the same in every epoch.
    case sequential
    /// A random permutation, another one in each epoch.
    case shuffled
  }

  /// What becomes of the samples at an epoch's end that do not fill a batch.
  public enum PartialBatch: String, Sendable, Codable { case keep, drop }

  public let dataset: ImageDataset
  public let batchSize: Int
  public let order: Order
  public let seed: UInt64
  /// Applied to each image, in this order.
  public let augmentations: [Augmentation]
  public let partialBatch: PartialBatch
  /// How many batches may lie ready, made ahead by the workers; 0 makes each when it is asked for.
  public let prefetch: Int
  /// How many threads make batches ahead. It changes nothing in them.
  public let workers: Int

  /// The defaults are those of evaluation: every sample once, in order, as it is.
  ///
  /// - Precondition: an epoch has at least one batch.
  public init(
    _ dataset: ImageDataset, batchSize: Int, order: Order = .sequential, seed: UInt64 = 0,
    augmentations: [Augmentation] = [], partialBatch: PartialBatch = .keep, prefetch: Int = 2,
    workers: Int = 1
  ) {
    precondition(batchSize >= 1, "DataLoader: a batch has at least one image, got \(batchSize)")
    precondition(prefetch >= 0, "DataLoader: prefetch is a number of batches, got \(prefetch)")
    precondition(workers >= 1, "DataLoader: at least one thread makes batches, got \(workers)")
    precondition(
      partialBatch == .keep || dataset.count >= batchSize,
      "DataLoader: \(dataset.count) images make no full batch of \(batchSize)")
    self.dataset = dataset
    self.batchSize = batchSize
    self.order = order
    self.seed = seed
    self.augmentations = augmentations
    self.partialBatch = partialBatch
    self.prefetch = prefetch
    self.workers = workers
  }

  public var batchesPerEpoch: Int {
    let full = dataset.count / batchSize
    return partialBatch == .keep && !dataset.count.isMultiple(of: batchSize) ? full + 1 : full
  }

  /// The batches of one epoch, from the one with index `start` on.
  public func epoch(_ epoch: Int, from start: Int = 0) -> Epoch {
    precondition(
      epoch >= 0 && (0...batchesPerEpoch).contains(start),
      "DataLoader: epoch \(epoch), batch \(start) of \(batchesPerEpoch)")
    return Epoch(loader: self, number: epoch, start: start)
  }

  /// The samples of an epoch in the order in which they are shown.
  public func sampleOrder(inEpoch epoch: Int) -> [Int] {
    switch order {
    case .sequential: return Array(0..<dataset.count)
    case .shuffled:
      var random = SplitMix64(seed: seed, key: Purpose.order.rawValue, UInt64(epoch))
      return random.permutation(dataset.count)
    }
  }

  /// Keeps the streams of random numbers apart.
  private enum Purpose: UInt64 { case order = 1, augmentation }

  /// Makes one batch; `samples` is the epoch's order.
  func batch(_ index: Int, of samples: [Int], epoch: Int) -> Batch {
    let range = index * batchSize..<min((index + 1) * batchSize, samples.count)
    let indices = Array(samples[range])
    let images = dataset.images(at: indices) { augment($1, sample: $0, epoch: epoch) }
    return Batch(
      images: images, labels: dataset.labels(at: indices), indices: indices, epoch: epoch,
      index: index)
  }

  private func augment(_ image: UnsafeMutableBufferPointer<Float>, sample: Int, epoch: Int) {
    guard !augmentations.isEmpty else { return }
    var random = SplitMix64(
      seed: seed, key: Purpose.augmentation.rawValue, UInt64(epoch), UInt64(sample))
    for augmentation in augmentations {
      augmentation.apply(to: image, shape: dataset.shape, using: &random)
    }
  }
}
