/// The batches of one epoch in order. Each iteration over it starts threads of its own, which end with it.
public struct Epoch: Sequence, Sendable {
  public let loader: DataLoader
  public let number: Int
  /// The index of the first batch.
  public let start: Int

  public var underestimatedCount: Int { loader.batchesPerEpoch - start }

  public func makeIterator() -> Iterator { Iterator(self) }

  /// Hands out batches; a class because it owns the threads that make them. When the last reference
  /// to it goes, in the middle of an epoch too, they stop after the batches in hand.
  public final class Iterator: IteratorProtocol {
    private let epoch: Epoch
    private let samples: [Int]
    private var index: Int
    /// Nil where batches are made by the caller.
    let queue: BatchQueue?

    init(_ epoch: Epoch) {
      let samples = epoch.loader.sampleOrder(inEpoch: epoch.number)
      self.epoch = epoch
      self.samples = samples
      index = epoch.start
      guard epoch.loader.prefetch > 0, epoch.underestimatedCount > 0 else {
        queue = nil
        return
      }
      let queue = BatchQueue(capacity: epoch.loader.prefetch)
      self.queue = queue
      queue.fill(epoch.start..<epoch.loader.batchesPerEpoch, workers: epoch.loader.workers) {
        epoch.loader.batch($0, of: samples, epoch: epoch.number)
      }
    }

    deinit { queue?.cancel() }

    public func next() -> Batch? {
      guard index < epoch.loader.batchesPerEpoch else { return nil }
      defer { index += 1 }
      return queue?.take() ?? epoch.loader.batch(index, of: samples, epoch: epoch.number)
    }
  }
}
