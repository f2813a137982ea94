import Foundation

/// Batches that were made ahead, never more than `capacity` of them, between one maker and one taker.
///
/// The maker's thread keeps the queue alive, not the other way round, so the queue cannot vanish under it.
/// It runs no engine operation that uses threads: filling a tensor is one memory copy.
final class BatchQueue: @unchecked Sendable {
  private let capacity: Int
  private let changed = NSCondition()
  // Guarded by `changed`.
  private var ready: [Batch] = []
  private var isCancelled = false

  init(capacity: Int) { self.capacity = capacity }

  /// Starts a thread that makes the batches with these indices until all are made or nobody wants them.
  func fill(_ indices: Range<Int>, making make: @escaping @Sendable (Int) -> Batch) {
    let thread = Thread { [self] in
      for index in indices {
        guard put(make(index)) else { return }
      }
    }
    thread.name = "data-loader"
    thread.start()
  }

  /// Waits for a batch.
  func take() -> Batch {
    changed.withLock {
      while ready.isEmpty { changed.wait() }
      changed.signal()
      return ready.removeFirst()
    }
  }

  /// Makes the maker stop.
  func cancel() {
    changed.withLock {
      isCancelled = true
      changed.signal()
    }
  }

  /// Waits for a free place; false when the taker is gone.
  private func put(_ batch: Batch) -> Bool {
    changed.withLock {
      while ready.count >= capacity, !isCancelled { changed.wait() }
      guard !isCancelled else { return false }
      ready.append(batch)
      changed.signal()
      return true
    }
  }
}
