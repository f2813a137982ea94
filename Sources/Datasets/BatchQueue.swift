import Foundation

/// Batches that were made ahead, between one or more makers and one taker, who gets them in their order.
///
/// No more than `capacity` lie ready, and each maker has one more in hand. The makers' threads keep the queue
/// alive, not the other way round, so the queue cannot vanish under them. They run no engine operation that
/// uses threads: filling a tensor is one memory copy.
final class BatchQueue: @unchecked Sendable {
  private let capacity: Int
  private let changed = NSCondition()
  // Guarded by `changed`.
  private var ready: [Int: Batch] = [:]
  private var nextToTake = 0
  private var nextToMake = 0
  private var isCancelled = false

  init(capacity: Int) { self.capacity = capacity }

  /// Starts threads that make the batches with these indices until all are made or nobody wants them.
  ///
  /// - Parameter make: may be called on several threads at once; what it gives depends on the index only.
  func fill(
    _ indices: Range<Int>, workers: Int = 1, making make: @escaping @Sendable (Int) -> Batch
  ) {
    (nextToTake, nextToMake) = (indices.lowerBound, indices.lowerBound)
    for worker in 0..<workers {
      let thread = Thread { [self] in
        while let index = claim(below: indices.upperBound) {
          guard put(make(index), at: index) else { return }
        }
      }
      thread.name = "data-loader-\(worker)"
      thread.start()
    }
  }

  /// Waits for the next batch.
  func take() -> Batch {
    changed.withLock {
      while true {
        if let batch = ready.removeValue(forKey: nextToTake) {
          nextToTake += 1
          changed.broadcast()
          return batch
        }
        changed.wait()
      }
    }
  }

  /// Makes the makers stop.
  func cancel() {
    changed.withLock {
      isCancelled = true
      changed.broadcast()
    }
  }

  /// The next index that nobody makes yet.
  private func claim(below end: Int) -> Int? {
    changed.withLock {
      guard nextToMake < end, !isCancelled else { return nil }
      defer { nextToMake += 1 }
      return nextToMake
    }
  }

  /// Waits until the batch may lie ready; false when the taker is gone.
  ///
  /// Places are counted from the batch that is taken next: that one always has a place, so that makers who are
  /// ahead of it cannot block it.
  private func put(_ batch: Batch, at index: Int) -> Bool {
    changed.withLock {
      while index - nextToTake >= capacity, !isCancelled { changed.wait() }
      guard !isCancelled else { return false }
      ready[index] = batch
      changed.broadcast()
      return true
    }
  }
}
